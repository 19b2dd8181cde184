#include "analysis/restore.h"

#include <gmock/gmock.h>

namespace pgbelay::analysis {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Acl, IsReadAsTheServerPrintsIt) {
    const auto items = parse_acl(R"({app=arwdDxt/app,=r/app,"\"odd \"\"role\"\"\"=r*w/app"})");
    ASSERT_EQ(items.size(), 3U);
    EXPECT_EQ(items[0].grantee, "app");
    EXPECT_EQ(items[0].privileges, "arwdDxt");
    EXPECT_EQ(items[1].grantee, "");
    EXPECT_EQ(items[2].grantee, "odd \"role\"");
    EXPECT_EQ(items[2].privileges, "rw");
    EXPECT_EQ(items[2].with_grant_option, "r");
    EXPECT_EQ(items[2].grantor, "app");
}

TEST(Restore, GrantsStartFromNothing) {
    EXPECT_THAT(restore_grants("TABLE public.t", "{app=r/app,=r/app,bob=a*/app}", "app"),
                ElementsAre("REVOKE ALL ON TABLE public.t FROM PUBLIC", "REVOKE ALL ON TABLE public.t FROM app",
                            "GRANT SELECT ON TABLE public.t TO app", "GRANT SELECT ON TABLE public.t TO PUBLIC",
                            "GRANT INSERT ON TABLE public.t TO bob WITH GRANT OPTION"));
    EXPECT_THAT(restore_grants("TABLE public.t", std::nullopt, "app"), IsEmpty());
}

TEST(Restore, AViewComesBackWithEverythingOnIt) {
    catalog::Relation view;
    view.name = {"app", "v"};
    view.kind = 'v';
    view.owner = "Owner";
    view.options = {"security_invoker=true"};
    view.view_definition = " SELECT t.a\n   FROM app.t;";
    view.comment = "it's a view";
    view.columns = {{.name = "a", .default_expression = "1", .acl = "{bob=r/Owner}", .comment = "col"}};
    view.triggers = {{"tr", "CREATE TRIGGER tr INSTEAD OF INSERT ON app.v FOR EACH ROW EXECUTE FUNCTION app.f()", 'D', std::nullopt}};
    EXPECT_THAT(restore_view(view), ElementsAre("CREATE VIEW app.v WITH (security_invoker=true) AS  SELECT t.a\n   FROM app.t",
                                                "ALTER VIEW app.v OWNER TO \"Owner\"", "COMMENT ON VIEW app.v IS 'it''s a view'",
                                                "ALTER VIEW app.v ALTER COLUMN a SET DEFAULT 1", "COMMENT ON COLUMN app.v.a IS 'col'",
                                                "GRANT SELECT (a) ON TABLE app.v TO bob",
                                                "CREATE TRIGGER tr INSTEAD OF INSERT ON app.v FOR EACH ROW EXECUTE FUNCTION app.f()",
                                                "ALTER TABLE app.v DISABLE TRIGGER tr"));
}

TEST(Restore, ARuleKeepsItsStateAndComment) {
    const catalog::Rule rule{
        .name = "R", .definition = "CREATE RULE \"R\" AS ON DELETE TO app.t DO INSTEAD NOTHING;", .enabled = 'D', .comment = "ours"};
    EXPECT_THAT(restore_rule({"app", "t"}, rule),
                ElementsAre("CREATE RULE \"R\" AS ON DELETE TO app.t DO INSTEAD NOTHING", "ALTER TABLE app.t DISABLE RULE \"R\"",
                            "COMMENT ON RULE \"R\" ON app.t IS 'ours'"));
}

TEST(Restore, AnOwnersMergedPrivilegesComeApartAgain) {
    EXPECT_THAT(restore_owner("ALTER TABLE t", "TABLE t", "a", "{a=r/a,b=r/a}", "c"), ElementsAre("ALTER TABLE t OWNER TO a"));
    EXPECT_THAT(restore_owner("ALTER TABLE t", "TABLE t", "a", "{a=r/a,b=r/a}", "b"),
                ElementsAre("ALTER TABLE t OWNER TO a", "REVOKE ALL ON TABLE t FROM PUBLIC", "REVOKE ALL ON TABLE t FROM a",
                            "GRANT SELECT ON TABLE t TO a", "GRANT SELECT ON TABLE t TO b"));
    EXPECT_THAT(restore_owner("ALTER TABLE t", "TABLE t", "a", std::nullopt, "b"), ElementsAre("ALTER TABLE t OWNER TO a"));
}

TEST(Restore, ASequenceKeepsItsOwnerColumn) {
    catalog::Relation sequence;
    sequence.name = {"public", "s"};
    sequence.kind = 'S';
    sequence.sequence_definition = "AS bigint START WITH 1";
    sequence.sequence_owner_column = "public.t.id";
    EXPECT_THAT(restore_sequence(sequence),
                ElementsAre("CREATE SEQUENCE public.s AS bigint START WITH 1", "ALTER SEQUENCE public.s OWNED BY public.t.id"));
}

}  // namespace
}  // namespace pgbelay::analysis
