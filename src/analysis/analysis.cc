#include "analysis/analysis.h"

#include "analysis/alter_table.h"
#include "analysis/certain_failure.h"
#include "analysis/code_block.h"
#include "analysis/comment.h"
#include "analysis/create_index.h"
#include "analysis/create_table.h"
#include "analysis/create_table_as.h"
#include "analysis/dml.h"
#include "analysis/drop.h"
#include "analysis/drop_index.h"
#include "analysis/function.h"
#include "analysis/grant.h"
#include "analysis/maintenance.h"
#include "analysis/object.h"
#include "analysis/opaque.h"
#include "analysis/reindex.h"
#include "analysis/rename.h"
#include "analysis/sequence.h"
#include "analysis/session.h"
#include "analysis/trigger.h"
#include "analysis/type.h"
#include "analysis/view.h"

#include <pg_query/pg_query.pb-c.h>

#include <map>

namespace pgbelay::analysis {

namespace {

using Analyze = Analysis (*)(const sql::Statement&, const Context&);

const std::map<std::string_view, Analyze>& by_kind() {
    static const std::map<std::string_view, Analyze> kinds{
        {"IndexStmt", analyze_create_index},
        {"ReindexStmt", analyze_reindex},
        {"AlterTableStmt", analyze_alter_table},
        {"CreateStmt", analyze_create_table},
        {"CreateForeignTableStmt", analyze_create_table},
        {"CreateTableAsStmt", analyze_create_table_as},
        {"RefreshMatViewStmt", analyze_refresh_matview},
        {"ViewStmt", analyze_create_view},
        {"DropStmt", analyze_drop},
        {"DropOwnedStmt", analyze_other_object},
        {"RenameStmt", analyze_rename},
        {"AlterObjectSchemaStmt", analyze_set_schema},
        {"AlterOwnerStmt", analyze_owner},
        {"CreateFunctionStmt", analyze_create_function},
        {"AlterFunctionStmt", analyze_alter_function},
        {"DoStmt", analyze_do_block},
        {"CallStmt", analyze_call},
        {"ExplainStmt", analyze_explain},
        {"CreateTrigStmt", analyze_create_trigger},
        {"RuleStmt", analyze_create_rule},
        {"CreatePolicyStmt", analyze_create_policy},
        {"AlterPolicyStmt", analyze_alter_policy},
        {"CommentStmt", analyze_comment},
        {"GrantStmt", analyze_grant},
        {"GrantRoleStmt", analyze_grant_role},
        {"AlterDefaultPrivilegesStmt", analyze_default_privileges},
        {"CreateEnumStmt", analyze_create_type},
        {"CompositeTypeStmt", analyze_create_type},
        {"CreateRangeStmt", analyze_create_type},
        {"CreateDomainStmt", analyze_create_type},
        {"AlterEnumStmt", analyze_alter_enum},
        {"AlterDomainStmt", analyze_alter_domain},
        {"CreateSeqStmt", analyze_create_sequence},
        {"AlterSeqStmt", analyze_alter_sequence},
        {"CreateSchemaStmt", analyze_create_schema},
        {"CreateExtensionStmt", analyze_create_extension},
        {"AlterExtensionStmt", analyze_alter_extension},
        {"AlterExtensionContentsStmt", analyze_alter_extension},
        {"CreatePublicationStmt", analyze_publication},
        {"AlterPublicationStmt", analyze_publication},
        {"CreateStatsStmt", analyze_statistics},
        {"SelectStmt", analyze_select},
        {"InsertStmt", analyze_write},
        {"UpdateStmt", analyze_write},
        {"DeleteStmt", analyze_write},
        {"MergeStmt", analyze_write},
        {"CopyStmt", analyze_copy},
        {"TruncateStmt", analyze_truncate},
        {"LockStmt", analyze_lock},
        {"VacuumStmt", analyze_vacuum},
        {"ClusterStmt", analyze_cluster},
        {"AlterSystemStmt", analyze_server_statement},
        {"CreatedbStmt", analyze_server_statement},
        {"DropdbStmt", analyze_server_statement},
        {"AlterDatabaseRefreshCollStmt", analyze_server_statement},
        {"CreateTableSpaceStmt", analyze_server_statement},
        {"DropTableSpaceStmt", analyze_server_statement},
        {"CreateSubscriptionStmt", analyze_server_statement},
        {"AlterSubscriptionStmt", analyze_server_statement},
        {"DropSubscriptionStmt", analyze_server_statement},
        {"CheckPointStmt", analyze_server_statement},
        {"PrepareStmt", analyze_session},
        {"ExecuteStmt", analyze_session},
        {"DeallocateStmt", analyze_session},
        {"DeclareCursorStmt", analyze_session},
        {"FetchStmt", analyze_session},
        {"ClosePortalStmt", analyze_session},
        {"ListenStmt", analyze_session},
        {"UnlistenStmt", analyze_session},
        {"DiscardStmt", analyze_session},
        {"LoadStmt", analyze_session},
    };
    return kinds;
}

Analysis analyze_kind(const sql::Statement& statement, const Context& ctx) {
    if (statement.opaque()) {
        return analyze_opaque(statement, ctx);
    }
    if (statement.kind == "DropStmt" && statement.node().drop_stmt->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX) {
        return analyze_drop_index(statement, ctx);
    }
    if (statement.kind == "SelectStmt" && statement.node().select_stmt->into_clause != nullptr) {
        return analyze_select_into(statement, ctx);
    }
    const auto found = by_kind().find(statement.kind);
    return found == by_kind().end() ? analyze_other_object(statement, ctx) : found->second(statement, ctx);
}

}  // namespace

Analysis analyze(const sql::Statement& statement, const Context& ctx) {
    Analysis analysis = analyze_kind(statement, ctx);
    analysis.facts.fails = certain_failure(statement, ctx);
    if (analysis.facts.hidden && !analysis.facts.opaque) {
        analysis.notes.emplace_back(
            "triggers or functions that it calls do what cannot be told from their text: it may lock more than this");
    }
    return analysis;
}

}  // namespace pgbelay::analysis
