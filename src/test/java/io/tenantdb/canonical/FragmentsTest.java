package io.tenantdb.canonical;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.CanonicalIndex.Refused;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Reason;
import io.tenantdb.observe.Fleet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FragmentsTest {

  private static DesiredIndex of(DesiredIndex.Key... keys) {
    return Fleet.index("ix", "t", "btree", false, List.of(keys));
  }

  private static DesiredIndex.Key key(String opclass, String collation) {
    return new DesiredIndex.Key(
        Optional.of("a"),
        Optional.empty(),
        false,
        Optional.empty(),
        Optional.ofNullable(opclass),
        Optional.ofNullable(collation));
  }

  private static void refuses(DesiredIndex index, String field) {
    Refused refused = Fragments.problem(index).orElseThrow();
    assertThat(refused.reason()).isEqualTo(Reason.SpecInvalid);
    assertThat(refused.message()).startsWith(field);
  }

  @Test
  void namesTheFieldThatIsWrong() {
    refuses(of(Fleet.column("a"), Fleet.expression("b), (c")), "indexes[ix].keys[1].expression ");
    refuses(Fleet.where(of(Fleet.column("a")), "true; DROP TABLE t"), "indexes[ix].where ");
    refuses(of(key("text_ops) INCLUDE (b", null)), "indexes[ix].keys[0].opclass ");
    refuses(of(key(null, "\"C\" DESC, b")), "indexes[ix].keys[0].collation ");
  }

  @Test
  void parametersAreNames() {
    DesiredIndex index = of(Fleet.column("a"));
    refuses(
        new DesiredIndex(
            "ix",
            "t",
            index.keys(),
            "btree",
            false,
            false,
            List.of(),
            Optional.empty(),
            Map.of("fillfactor = 10) WHERE (true", "x"),
            "0123456789abcdef"),
        "indexes[ix].with ");
  }

  @Test
  void namesMayBeQualifiedAndQuoted() {
    assertThat(Fragments.problem(of(key("public.gin_trgm_ops", "pg_catalog.\"C\"")))).isEmpty();
    assertThat(Fragments.problem(of(key("\"my \"\"ops\"", "éa")))).isEmpty();
  }

  @Test
  void theOperatorsOfJsonbAreNoParameters() {
    assertThat(Fragments.problem(of(Fleet.expression("doc ? 'a' OR doc ?| ARRAY['b']")))).isEmpty();
  }
}
