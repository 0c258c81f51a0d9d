package io.tenantdb.canonical;

import static io.tenantdb.observe.Fleet.column;
import static io.tenantdb.observe.Fleet.expression;
import static io.tenantdb.observe.Fleet.index;
import static io.tenantdb.observe.Fleet.select;
import static io.tenantdb.observe.Fleet.wants;
import static io.tenantdb.observe.Fleet.where;
import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.Sql;
import io.tenantdb.model.Canonical;
import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.CanonicalIndex.Refused;
import io.tenantdb.model.CanonicalIndex.Unknown;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Desired.Safety;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.Hashes;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.Reason;
import io.tenantdb.observe.Fleet;
import io.tenantdb.observe.Observer;
import io.tenantdb.testing.PostgresServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What canonical forms must hold on a native server, whatever its version. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class CanonicalTests {
  private static final String TABLE =
      """
      CREATE TABLE items (id bigint, a int, b int, c numeric(10,2), status varchar(20) NOT NULL,
        name text, cname text COLLATE "C", doc jsonb, tags text[], at timestamptz, day date,
        span int4range, spot point, mood mood, email email, "Mixed ""é""\" text, gone int)
      """;
  private static final String[] TENANT = {
    "CREATE TYPE mood AS ENUM ('ok', 'sad')",
    "CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%')",
    "CREATE FUNCTION norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)'",
    "CREATE FUNCTION lower(text[]) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1[1]'",
    TABLE,
    "ALTER TABLE items DROP COLUMN gone"
  };
  private static final String PLAIN =
      "CREATE TABLE items (id bigint, a int, b int, status varchar(20), name text, doc jsonb)";

  private final int version;
  private PostgresServer server;
  private int databases;

  CanonicalTests(int version) {
    this.version = version;
  }

  @BeforeAll
  void start() {
    server = PostgresServer.start(version);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private Fleet fleet() {
    return Fleet.create(server, "canonical_" + databases++);
  }

  private static Canonical canonical(Fleet fleet, Desired desired, Observed observed) {
    return new Canonicalizer().canonicalize(fleet.database(), desired, resolved(desired), observed);
  }

  private static java.util.function.Function<String, DesiredTenant> resolved(Desired desired) {
    DesiredTenant one = new DesiredTenant(desired.indexes(), desired.hypertables());
    return schema -> one;
  }

  private static CanonicalIndex form(
      Canonical canonical, Observed observed, String schema, DesiredIndex index) {
    ObservedTenant tenant = observed.tenants().get(schema);
    return canonical.index(tenant, tenant.table(index.table()).orElseThrow(), index).orElseThrow();
  }

  private static CanonicalIndex form(Fleet fleet, String schema, DesiredIndex index) {
    Desired desired = wants(select(schema), index);
    Observed observed = new Observer().observe(fleet.database(), desired);
    return form(canonical(fleet, desired, observed), observed, schema, index);
  }

  private static Refused refused(Fleet fleet, DesiredIndex index) {
    CanonicalIndex form = form(fleet, "t1", index);
    assertThat(form).as(index.toString()).isInstanceOf(Refused.class);
    return (Refused) form;
  }

  private static DesiredIndex.Key key(
      String column, boolean descending, Boolean nullsFirst, String opclass, String collation) {
    return new DesiredIndex.Key(
        Optional.of(column),
        Optional.empty(),
        descending,
        Optional.ofNullable(nullsFirst),
        Optional.ofNullable(opclass),
        Optional.ofNullable(collation));
  }

  private static DesiredIndex with(
      DesiredIndex index,
      boolean nullsNotDistinct,
      List<String> include,
      Map<String, String> with) {
    return new DesiredIndex(
        index.name(),
        index.table(),
        index.keys(),
        index.method(),
        index.unique(),
        nullsNotDistinct,
        include,
        index.where(),
        with,
        Hashes.hex16(index.specHash() + nullsNotDistinct + include + with));
  }

  private static final class Specs {
    private final List<DesiredIndex> all = new ArrayList<>();

    private String name() {
      return "ix_" + all.size() + " \"é\"";
    }

    void keys(String method, boolean unique, DesiredIndex.Key... keys) {
      all.add(index(name(), "items", method, unique, List.of(keys)));
    }

    void expressions(String... expressions) {
      for (String e : expressions) {
        keys("btree", false, expression(e));
      }
    }

    void predicates(String... predicates) {
      for (String p : predicates) {
        all.add(where(index(name(), "items", "a"), p));
      }
    }
  }

  private List<DesiredIndex> specs() {
    Specs specs = new Specs();
    specs.keys("btree", false, column("a"));
    specs.keys("btree", false, column("a"), column("b"), column("Mixed \"é\""));
    specs.keys("btree", true, column("a"), column("b"));
    specs.keys("btree", false, key("a", true, null, null, null));
    specs.keys(
        "btree", false, key("a", true, false, null, null), key("b", false, true, null, null));
    specs.keys("btree", false, key("name", false, null, "text_pattern_ops", null));
    specs.keys("btree", false, key("name", false, null, "pg_catalog.text_pattern_ops", "\"C\""));
    specs.keys("btree", false, key("name", false, null, null, "pg_catalog.\"C\""));
    specs.keys("btree", false, key("cname", false, null, null, "\"C\""));
    specs.keys("btree", false, column("email"), column("mood"));
    specs.keys("hash", false, column("name"));
    specs.keys("gin", false, column("doc"));
    specs.keys("gin", false, key("doc", false, null, "jsonb_path_ops", null));
    specs.keys("gin", false, column("tags"));
    specs.keys("gist", false, column("span"));
    specs.keys("spgist", false, column("spot"));
    specs.keys("brin", false, column("at"));
    specs.expressions(
        "lower(name)",
        "(lower(status))",
        "a + b",
        "a",
        "norm(name)",
        "lower(tags)",
        "CASE WHEN a > 0 THEN 'x' ELSE 'y' END",
        "doc ->> 'k'",
        "(doc -> 'k' ->> 'l')::int",
        "coalesce(name, status, 'a.b')",
        "date_trunc('day', at AT TIME ZONE 'UTC')",
        "name || ' -- ' || status -- with a comment\n",
        "items.a * 2");
    specs.predicates(
        "status IN ('a', 'b')",
        "status NOT IN ('a', 'b')",
        "a IN (1, 2)",
        "status <> 'x' AND name IS NOT NULL",
        "status != 'rejected'",
        "name LIKE 'a%'",
        "a BETWEEN 1 AND 2",
        "doc ? 'k'",
        "mood = 'ok'",
        "email = 'x@y'",
        "at > '2024-01-01 00:00+01'",
        "day > '2024-01-01'",
        "c > 1.50",
        "name = E'it\\'s' OR name = $$a)$$",
        "a = ANY (ARRAY[1, 2])",
        "norm(name) = 'x'");
    DesiredIndex plain = index(specs.name(), "items", "a");
    specs.all.add(with(plain, false, List.of("b", "Mixed \"é\""), Map.of()));
    plain = index(specs.name(), "items", "a", "id");
    specs.all.add(
        with(plain, false, List.of(), Map.of("fillfactor", "70", "deduplicate_items", "off")));
    if (version >= 15) {
      DesiredIndex unique = index(specs.name(), "items", "btree", true, List.of(column("id")));
      specs.all.add(with(unique, true, List.of(), Map.of()));
    }
    return specs.all;
  }

  @Test
  void whatIsBuiltFromASpecIsObservedAsOneOfItsForms() throws SQLException {
    List<DesiredIndex> specs = specs();
    assertThat(specs).hasSizeGreaterThan(40);
    try (Fleet fleet = fleet()) {
      fleet.tenant("t1", "app", TENANT).tenant("T 2\"é\"", "app", TENANT);
      Desired desired = wants(select("t1", "T*"), specs.toArray(DesiredIndex[]::new));
      Observed before = new Observer().observe(fleet.database(), desired);
      for (String schema : before.tenants().keySet()) {
        try (Connection c = server.connect(fleet.name())) {
          Sql.execute(c, io.tenantdb.model.Statement.of("SET ROLE app"));
          Sql.execute(
              c,
              io.tenantdb.model.Statement.of(
                  "SET search_path = " + Identifiers.quote(schema) + ", public"));
          for (DesiredIndex spec : specs) {
            Sql.execute(
                c,
                io.tenantdb.model.Statement.of(
                    spec.createSql(spec.name(), Identifiers.qualified(schema, "items"), true)));
          }
        }
      }
      Observed after = new Observer().observe(fleet.database(), desired);
      Canonical canonical = canonical(fleet, desired, after);
      int seconds = 0;
      for (String schema : after.tenants().keySet()) {
        for (DesiredIndex spec : specs) {
          CanonicalIndex form = form(canonical, after, schema, spec);
          assertThat(form).as(spec.toString()).isInstanceOf(Buildable.class);
          Buildable buildable = (Buildable) form;
          ObservedIndex live =
              after
                  .tenants()
                  .get(schema)
                  .table("items")
                  .orElseThrow()
                  .index(spec.name())
                  .orElseThrow();
          assertThat(live.body()).as(spec.toString()).contains(buildable.printed());
          assertThat(buildable.accepted()).contains(buildable.printed());
          seconds += buildable.accepted().size() - 1;
        }
      }
      // varchar IN and NOT IN, in two tenants.
      assertThat(seconds).isEqualTo(4);
    }
  }

  @Test
  void anIndexMadeFromThePrintedTextIsTheSecondForm() {
    try (Fleet fleet = fleet()) {
      fleet.tenant("t1", "app", PLAIN);
      DesiredIndex index = where(index("ix", "items", "a"), "status IN ('a', 'b')");
      Buildable form = (Buildable) form(fleet, "t1", index);
      fleet.run("CREATE INDEX ix ON t1.items " + form.printed().text());
      Observed observed = new Observer().observe(fleet.database(), wants(select("t1"), index));
      IndexBody live =
          observed
              .tenants()
              .get("t1")
              .table("items")
              .orElseThrow()
              .index("ix")
              .orElseThrow()
              .body()
              .orElseThrow();
      assertThat(form.accepted()).hasSize(2).contains(live);
      assertThat(live).isNotEqualTo(form.printed());
    }
  }

  @Test
  void fragmentsThatReachOutOfTheirPlaceAreRefusedBeforeTheyAreSent() {
    try (Fleet fleet = fleet()) {
      fleet.tenant("t1", "app", PLAIN);
      for (String e :
          List.of(
              "a), (b", "a) ) INCLUDE (b) --", "a)) WHERE ((true", "a /*/", "a; SELECT 1", "$1")) {
        Refused refused =
            refused(fleet, index("ix", "items", "btree", false, List.of(expression(e))));
        assertThat(refused.reason()).isEqualTo(Reason.SpecInvalid);
        assertThat(refused.message()).startsWith("indexes[ix].keys[0].expression");
      }
      Refused refused =
          refused(fleet, where(index("ix", "items", "a"), "true) ; DROP TABLE items; --"));
      assertThat(refused.message()).startsWith("indexes[ix].where");
    }
  }

  @Test
  void theBuiltIndexIsHeldToWhatWasDeclared() throws Exception {
    try (Fleet fleet = fleet()) {
      fleet.tenant("t1", "app", PLAIN);
      DesiredIndex sneaky = index("ix", "items", "btree", false, List.of(expression("a), (b")));
      Desired desired = wants(select("t1"), sneaky);
      Observed observed = new Observer().observe(fleet.database(), desired);
      CloneSite site =
          new CloneSite(
              "t1",
              "items",
              observed.layouts().values().iterator().next(),
              "app",
              true,
              true,
              List.of("public"));
      // Straight to the clone, past the look at the fragments.
      try (Connection c = fleet.database().borrow();
          TempClone clone = TempClone.create(c, site, observed.server().versionNum())) {
        for (DesiredIndex index :
            List.of(
                sneaky,
                index("ix", "items", "btree", false, List.of(expression("a)) WHERE ((b > 0"))),
                index(
                    "ix",
                    "items",
                    "btree",
                    false,
                    List.of(expression("a)) INCLUDE (b) WHERE ((true"))),
                index(
                    "ix", "items", "btree", false, List.of(expression("a) DESC) WHERE ((true"))))) {
          assertThat(clone.form(alone(index))).isInstanceOf(Refused.class);
          assertThat(((Refused) clone.form(alone(index))).reason()).isEqualTo(Reason.SpecInvalid);
        }
        assertThat(clone.form(alone(index("ix", "items", "a")))).isInstanceOf(Buildable.class);
      }
    }
  }

  private static IndexTask alone(DesiredIndex index) {
    return new IndexTask(index, List.of(), Set.of());
  }

  @Test
  void postgresqlsOwnWordsSayWhyADefinitionIsRefused() {
    try (Fleet fleet = fleet()) {
      fleet.tenant("t1", "app", PLAIN);
      Refused column = refused(fleet, index("ix", "items", "nope"));
      assertThat(column.reason()).isEqualTo(Reason.DefinitionRefused);
      assertThat(column.sqlState()).isEqualTo("42703");
      assertThat(column.message()).contains("column \"nope\" does not exist");
      assertThat(
              refused(fleet, index("ix", "items", "btree", false, List.of(expression("random()"))))
                  .sqlState())
          .isEqualTo("42P17");
      assertThat(
              refused(fleet, index("ix", "items", "btree", false, List.of(expression("nope(a)"))))
                  .sqlState())
          .isEqualTo("42883");
      assertThat(
              refused(fleet, index("ix", "items", "nope", false, List.of(column("a")))).sqlState())
          .isEqualTo("42704");
      assertThat(
              refused(
                      fleet,
                      index(
                          "ix", "items", "btree", false, List.of(key("a", false, null, "x", null))))
                  .message())
          .isEqualTo("operator class \"x\" does not exist for access method \"btree\"");
      assertThat(
              refused(
                      fleet,
                      index(
                          "ix",
                          "items",
                          "btree",
                          false,
                          List.of(key("name", false, null, null, "x"))))
                  .message())
          .isEqualTo("collation \"x\" for encoding \"UTF8\" does not exist");
      assertThat(
              refused(fleet, with(index("ix", "items", "a"), false, List.of(), Map.of("nope", "7")))
                  .message())
          .isEqualTo("unrecognized parameter \"nope\"");
      assertThat(refused(fleet, index("ix", "items", "hash", true, List.of(column("a")))).reason())
          .isEqualTo(Reason.NotSupported);
      assertThat(
              refused(
                      fleet,
                      with(index("ix", "items", "a"), false, List.of(), Map.of("fillfactor", "7")))
                  .sqlState())
          .isEqualTo("22023");
      Refused row =
          refused(fleet, index("ix", "items", "btree", false, List.of(expression("f(items.*)"))));
      assertThat(row.reason()).isEqualTo(Reason.NotSupported);
      assertThat(row.message()).contains("whole row");
      if (version < 15) {
        assertThat(
                refused(
                    fleet,
                    with(
                        index("ix", "items", "btree", true, List.of(column("a"))),
                        true,
                        List.of(),
                        Map.of())))
            .isEqualTo(
                new Refused(
                    Reason.NotSupported,
                    "",
                    "nullsNotDistinct needs PostgreSQL 15, this is " + version));
      }
    }
  }

  @Test
  void parametersOfAnOperatorClassArePartOfTheForm() {
    try (Fleet fleet = fleet()) {
      fleet.tenant("t1", "app", PLAIN);
      assertThat(form(fleet, "t1", signs("tsvector_ops", Map.of("siglen", "32"))))
          .isInstanceOfSatisfying(
              Buildable.class,
              form ->
                  assertThat(form.printed().text())
                      .isEqualTo(
                          "USING gist (to_tsvector('simple'::regconfig, name) tsvector_ops"
                              + " (siglen='32'))"));
      Refused unknown = refused(fleet, signs("tsvector_ops", Map.of("nope", "32")));
      assertThat(unknown.reason()).isEqualTo(Reason.DefinitionRefused);
      assertThat(unknown.message()).isEqualTo("unrecognized parameter \"nope\"");
      assertThat(refused(fleet, signs("tsvector_ops", Map.of("siglen", "0"))).message())
          .isEqualTo("value 0 out of bounds for option \"siglen\"");
      assertThat(refused(fleet, signs("tsvector_ops", Map.of("siglen", "9'), (id"))).message())
          .contains("invalid value for integer option \"siglen\"");
      Refused name = refused(fleet, signs("tsvector_ops", Map.of("siglen = 9), (id", "9")));
      assertThat(name.reason()).isEqualTo(Reason.SpecInvalid);
      assertThat(name.message()).startsWith("indexes[ix].keys[0].opclassParameters has a key");
    }
  }

  private static DesiredIndex signs(String opclass, Map<String, String> parameters) {
    return index(
        "ix",
        "items",
        "gist",
        false,
        List.of(
            new DesiredIndex.Key(
                Optional.empty(),
                Optional.of("to_tsvector('simple', name)"),
                false,
                Optional.empty(),
                Optional.of(opclass),
                Optional.empty(),
                parameters,
                Optional.empty())));
  }

  @Test
  void functionsOfTheTenantAreFoundAndSharedWhereTheyAreEqual() {
    try (Fleet fleet = fleet()) {
      String norm =
          "CREATE FUNCTION norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)'";
      fleet
          .tenant("t1", "app", PLAIN, norm)
          .tenant("t2", "app", PLAIN, norm)
          .tenant("t3", "app", PLAIN);
      DesiredIndex index = index("ix", "items", "btree", false, List.of(expression("norm(name)")));
      Desired desired = wants(select("t*"), index);
      Observed observed = new Observer().observe(fleet.database(), desired);
      Canonical canonical = canonical(fleet, desired, observed);
      assertThat(canonical.indexes()).hasSize(2);
      assertThat(((Buildable) form(canonical, observed, "t1", index)).printed().text())
          .isEqualTo("USING btree (<tenant>.norm(name))");
      assertThat(form(canonical, observed, "t2", index))
          .isEqualTo(form(canonical, observed, "t1", index));
      assertThat(form(canonical, observed, "t3", index)).isInstanceOf(Refused.class);
    }
  }

  @Test
  void anOwnerWithoutTempGetsAnOrdinaryCloneThatNobodySees() {
    try (Fleet fleet = fleet()) {
      fleet.run("REVOKE TEMP ON DATABASE " + fleet.name() + " FROM PUBLIC");
      fleet.tenant("t1", "app", PLAIN);
      DesiredIndex index = where(index("ix", "items", "a"), "status IN ('a', 'b')");
      Buildable form = (Buildable) form(fleet, "t1", index);
      assertThat(form.accepted()).hasSize(2);
      assertThat(form.printed().text()).startsWith("USING btree (a) WHERE (");
      Observed after = new Observer().observe(fleet.database(), wants(select("t1"), index));
      assertThat(after.tenants().get("t1").names()).isEmpty();
      fleet.run(
          "REVOKE CREATE ON SCHEMA t1 FROM app",
          "ALTER SCHEMA t1 OWNER TO postgres",
          "GRANT USAGE ON SCHEMA t1 TO app");
      Unknown unknown = (Unknown) form(fleet, "t1", index);
      assertThat(unknown.reason()).isEqualTo(Reason.InsufficientPrivilege);
      assertThat(unknown.message()).contains("app").contains("TEMPORARY");
    }
  }

  @Test
  void codeOfATenantRunsAsItsOwnerAndCannotBecomeAnother() {
    try (Fleet fleet = fleet()) {
      fleet.tenant("secret", "app", "CREATE TABLE items (a int)");
      String spy =
          """
          CREATE FUNCTION spy(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
          BEGIN
            IF current_user <> 'mallory' THEN RAISE EXCEPTION 'ran as %', current_user; END IF;
            PERFORM set_config('role', 'op', true);
            RETURN $1;
          END $$
          """;
      fleet.run(
          "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mallory') THEN"
              + " CREATE ROLE mallory LOGIN; GRANT mallory TO op; END IF; END $$");
      fleet.tenant("t1", "mallory", PLAIN, spy);
      CanonicalIndex form = form(fleet, "t1", where(index("ix", "items", "a"), "name = spy('x')"));
      assertThat(form).isInstanceOf(Unknown.class);
      assertThat(((Unknown) form).message()).contains("cannot set parameter \"role\"");
    }
  }

  @Test
  void noSqlstateThatATenantsFunctionRaisesEndsThePassOfTheOthers() {
    try (Fleet fleet = fleet()) {
      fleet.tenant(
          "t1",
          "app",
          PLAIN,
          """
          CREATE FUNCTION fails(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
          BEGIN
            RAISE EXCEPTION 'no luck' USING ERRCODE = $1;
          END $$
          """);
      for (String state : List.of("53200", "53100", "58030", "57P01", "08006", "25006")) {
        CanonicalIndex form =
            form(fleet, "t1", where(index("ix", "items", "a"), "name = fails('" + state + "')"));
        assertThat(form)
            .as(state)
            .isInstanceOfSatisfying(
                Unknown.class,
                unknown ->
                    assertThat(unknown)
                        .isEqualTo(
                            new Unknown(Reason.DatabaseError, "no luck (SQLSTATE " + state + ")")));
      }
    }
  }

  @Test
  void expressionsOnASuperusersTableAreNotTriedPlainColumnsAre() {
    try (Fleet fleet = fleet()) {
      fleet.tenant("t1", "postgres", PLAIN);
      assertThat(form(fleet, "t1", index("ix", "items", "a"))).isInstanceOf(Buildable.class);
      CanonicalIndex expression =
          form(
              fleet,
              "t1",
              index("ix", "items", "btree", false, List.of(expression("lower(name)"))));
      assertThat(((Unknown) expression).reason()).isEqualTo(Reason.InsufficientPrivilege);
    }
  }

  @Test
  void expressionsOnASuperusersTableAreTriedAsThatRoleWhereTheSpecAllowsIt() {
    try (Fleet fleet = fleet()) {
      fleet.run(
          "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'boss') THEN"
              + " CREATE ROLE boss SUPERUSER LOGIN; GRANT boss TO op; END IF; END $$");
      fleet.tenant("t1", "boss", PLAIN);
      DesiredIndex index = index("ix", "items", "btree", false, List.of(expression("lower(name)")));
      Desired careful = wants(select("t1"), index);
      Observed observed = new Observer().observe(fleet.database(), careful);
      Desired allowing = allowingSuperuserOwned(careful);

      assertThat(form(canonical(fleet, careful, observed), observed, "t1", index))
          .isInstanceOf(Unknown.class);
      assertThat(form(canonical(fleet, allowing, observed), observed, "t1", index))
          .isInstanceOf(Buildable.class);
    }
  }

  private static Desired allowingSuperuserOwned(Desired desired) {
    Safety safety = desired.safety();
    return new Desired(
        desired.ownerId(),
        desired.tenants(),
        desired.indexes(),
        desired.hypertables(),
        desired.aggregates(),
        desired.overrides(),
        desired.whenTimescaleMissing(),
        new Safety(
            safety.onDestructive(),
            safety.onDrift(),
            safety.prune(),
            true,
            safety.lockTimeout(),
            safety.buildTimeout()),
        desired.rollout());
  }

  @Test
  void whatOneOwnerMayNotDoIsTriedAsTheNext() {
    try (Fleet fleet = fleet()) {
      fleet.run(
          "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'poor') THEN"
              + " CREATE ROLE poor LOGIN; GRANT poor TO op; END IF; END $$",
          "REVOKE TEMP ON DATABASE " + fleet.name() + " FROM PUBLIC");
      fleet.tenant("t1", "poor", PLAIN).tenant("t2", "app", PLAIN);
      fleet.run("ALTER SCHEMA t1 OWNER TO postgres", "GRANT USAGE ON SCHEMA t1 TO poor");
      DesiredIndex index = index("ix", "items", "a");
      assertThat(form(fleet, "t1", index)).isInstanceOf(Unknown.class);
      Desired desired = wants(select("t1", "t2"), index);
      Observed observed = new Observer().observe(fleet.database(), desired);
      assertThat(form(canonical(fleet, desired, observed), observed, "t1", index))
          .isInstanceOf(Buildable.class);
    }
  }

  @Test
  void aSecondPassAsksNothingOfIndexesAgain() {
    try (Fleet fleet = fleet()) {
      fleet.tenant("t1", "app", PLAIN);
      DesiredIndex index = index("ix", "items", "a");
      Desired desired = wants(select("t1"), index);
      Observed observed = new Observer().observe(fleet.database(), desired);
      Canonicalizer canonicalizer = new Canonicalizer();
      CanonicalIndex first =
          form(
              canonicalizer.canonicalize(fleet.database(), desired, resolved(desired), observed),
              observed,
              "t1",
              index);
      CanonicalIndex second =
          form(
              canonicalizer.canonicalize(fleet.database(), desired, resolved(desired), observed),
              observed,
              "t1",
              index);
      assertThat(second).isSameAs(first);
    }
  }
}
