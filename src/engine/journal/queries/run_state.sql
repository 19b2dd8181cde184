SELECT r.state, r.epoch, COALESCE(c.request, 'run'), COALESCE(c.by, ''), r.incarnation
  FROM pgbelay.run r LEFT JOIN pgbelay.control c ON c.run = r.id
 WHERE r.id = $1
