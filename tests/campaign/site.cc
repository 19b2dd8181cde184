#include "campaign/site.h"

#include "faults/stage.h"

#include <fmt/core.h>

#include <utility>

namespace pgbelay::test {

namespace {

// Nothing here outlives the machine, and nothing but the campaign works on it.
cluster::ClusterOptions options(const std::string& major) {
    return {.major = major,
            .settings = {{"fsync", "off"},
                         {"full_page_writes", "off"},
                         {"autovacuum", "off"},
                         {"shared_buffers", "32MB"},
                         {"wal_retrieve_retry_interval", "100ms"}}};
}

std::string template_of(const Migration& migration) {
    return "before_" + migration.name;
}

}  // namespace

Site::Site(const std::string& major)
    : major_(major),
      quick_copy_(std::stoi(major) < 15 ? "" : " STRATEGY file_copy"),
      primary_(std::make_unique<cluster::Cluster>(options(major))) {}

void Site::prepare(const Migration& migration) {
    const std::string name = template_of(migration);
    Session(primary_->url()).run("CREATE DATABASE " + name);
    Session(primary_->url(name)).run(migration.before);
}

Site::Database::Database(Site& site, const Migration& migration) : site_(site), name_(fmt::format("trial_{}", ++site.databases_)) {
    Session(site.url("postgres")).run(fmt::format("CREATE DATABASE {} TEMPLATE {}{}", name_, template_of(migration), site.quick_copy_));
}

Site::Database::~Database() {
    try {
        Session(site_.url("postgres")).run(fmt::format("DROP DATABASE {} WITH (FORCE)", name_));
    } catch (const std::exception&) {
        // A server that does not answer is the next trial's failure, and that one says so.
    }
}

std::string Site::url(const std::string& database) const {
    if (!standby_) {
        return primary_->url(database);
    }
    return fmt::format("postgresql://postgres@127.0.0.1:{},127.0.0.1:{}/{}?target_session_attrs=read-write", primary_->port(),
                       standby_->port(), database);
}

void Site::add_standby() {
    former_.reset();
    cluster::ClusterOptions standby = options(major_);
    standby.standby_of = primary_.get();
    standby_ = std::make_unique<cluster::Cluster>(standby);
}

void Site::cut_off_standby() {
    const std::string here = Session(primary_->url()).value("SELECT pg_current_wal_flush_lsn()");
    eventually("the standby has got everything",
               [&] { return Session(standby_->url()).value(fmt::format("SELECT pg_last_wal_replay_lsn() >= '{}'", here)) == "t"; });
    standby_->cut_off();
}

void Site::promote_standby() {
    standby_->promote();
    // The next standby is a copy of this one, and must not inherit that it was cut off.
    Session(standby_->url()).run("ALTER SYSTEM RESET primary_conninfo");
    former_ = std::exchange(primary_, std::move(standby_));
}

}  // namespace pgbelay::test
