// The servers of one worker of the campaign: a primary, at times a standby, and databases for one trial each.
#pragma once

#include "campaign/migration.h"
#include "cluster/cluster.h"
#include "support/session.h"

#include <memory>
#include <string>

namespace pgbelay::test {

class Site {
public:
    explicit Site(const std::string& major);

    // Makes the database that trials with the migration begin with.
    void prepare(const Migration& migration);

    // A copy of it, gone with the object whoever is still connected.
    class Database {
    public:
        Database(Site& site, const Migration& migration);
        ~Database();
        Database(const Database&) = delete;
        Database& operator=(const Database&) = delete;

        // Of the primary, and of the standby where there is one: libpq's list of hosts.
        std::string url() const { return site_.url(name_); }
        Session open() const { return Session(url()); }

    private:
        Site& site_;
        std::string name_;
    };

    void stop_immediately() { primary_->stop_immediately(); }
    void start() { primary_->start(); }

    // A standby that has got everything up to now and follows.
    void add_standby();
    // The standby has everything up to here, and gets nothing from here on.
    void cut_off_standby();
    // The primary is gone; the standby takes its place, with what it has.
    void promote_standby();

private:
    std::string url(const std::string& database) const;

    std::string major_;
    std::string quick_copy_;  // from 15 on: what copies a database as the older ones do
    std::unique_ptr<cluster::Cluster> primary_;
    std::unique_ptr<cluster::Cluster> standby_;
    std::unique_ptr<cluster::Cluster> former_;  // its port stays taken while clients may still try it
    int databases_ = 0;
};

}  // namespace pgbelay::test
