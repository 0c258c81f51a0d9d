package io.tenantdb.fleet;

import java.util.List;

/**
 * A double of everything in {@code pg_catalog} that can be had by name, in a schema that a DBA's
 * setting puts in front of it. Whoever uses one fails, and it stays written down: a sequence
 * outlives a rollback.
 */
final class PlantedNames {

  private static final String[] PLANT = {
    "CREATE SCHEMA planted",
    "CREATE SEQUENCE planted.sprung",
    "GRANT USAGE ON SCHEMA planted TO PUBLIC",
    "GRANT ALL ON SEQUENCE planted.sprung TO PUBLIC",
    """
    CREATE FUNCTION planted.spring(what pg_catalog.text) RETURNS boolean LANGUAGE plpgsql
    SET search_path = pg_catalog AS $$
    BEGIN
      PERFORM nextval('planted.sprung');
      RAISE EXCEPTION 'planted % was used', what;
    END $$""",
    doubles(
        "SELECT format('CREATE VIEW planted.%1$I AS SELECT t.* FROM (SELECT planted.spring(%1$L) AS s) q,"
            + " pg_catalog.%1$I t WHERE q.s', relname) FROM pg_class WHERE relnamespace ="
            + " 'pg_catalog'::regnamespace AND relkind IN ('r', 'v')"),
    doubles(
        "SELECT format('CREATE FUNCTION planted.%I(%s) RETURNS %s%s LANGUAGE plpgsql AS %L', proname,"
            + " oidvectortypes(proargtypes), CASE WHEN proretset THEN 'SETOF ' END,"
            + " format_type(prorettype, NULL), format('BEGIN PERFORM planted.spring(%L); RETURN%s; END',"
            + " proname, CASE WHEN NOT proretset AND prorettype <> 'void'::regtype THEN ' NULL' END))"
            + " FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f'"),
    doubles(
        "SELECT format('CREATE FUNCTION planted.operator_%1$s(%2$s) RETURNS %3$s LANGUAGE plpgsql AS"
            + " %4$L; CREATE OPERATOR planted.%5$s (FUNCTION = planted.operator_%1$s%6$s%7$s)', o.oid,"
            + " concat_ws(', ', format_type(nullif(oprleft, 0), NULL), format_type(oprright, NULL)),"
            + " format_type(oprresult, NULL),"
            + " format('BEGIN PERFORM planted.spring(%L); RETURN NULL; END', oprname), oprname,"
            + " ', LEFTARG = ' || format_type(nullif(oprleft, 0), NULL),"
            + " ', RIGHTARG = ' || format_type(oprright, NULL)) FROM pg_operator o"
            + " WHERE oprnamespace = 'pg_catalog'::regnamespace"),
    doubles(
        "SELECT format('CREATE DOMAIN planted.%1$I AS pg_catalog.%1$I CHECK (planted.spring(%1$L))',"
            + " typname) FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype = 'b'"
            + " AND typelem = 0"),
  };

  private PlantedNames() {}

  /** What cannot be made twice (C code's own types) is left out. */
  private static String doubles(String statements) {
    return "DO $do$ DECLARE one pg_catalog.text; BEGIN FOR one IN "
        + statements
        + " LOOP BEGIN EXECUTE one; EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $do$";
  }

  /** Plants them, and has everybody's sessions find them first from now on. */
  static void plant(Fruit fruit, String database) {
    fruit.execute(PLANT);
    fruit.execute(
        "ALTER DATABASE \"%s\" SET search_path = planted, pg_catalog".formatted(database));
  }

  static boolean used(Fruit fruit) {
    return fruit.query("SELECT is_called FROM planted.sprung").equals(List.of("t"));
  }
}
