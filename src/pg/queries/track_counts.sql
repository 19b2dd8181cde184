SELECT current_setting('track_counts')::boolean
