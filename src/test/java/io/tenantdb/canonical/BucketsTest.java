package io.tenantdb.canonical;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.TimeSpan;
import io.tenantdb.model.TimeSpan.Interval;
import io.tenantdb.model.TimeSpan.Whole;
import io.tenantdb.model.ViewText;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class BucketsTest {

  static Stream<Arguments> printed() {
    return Stream.of(
        Arguments.of("SELECT public.time_bucket('1 day'::interval, t.ts) AS d", day()),
        Arguments.of("SELECT time_bucket('1 day'::interval, t.ts, 'Europe/Paris'::text)", day()),
        Arguments.of("SELECT \"My Ext\".time_bucket('1 day'::interval, t.ts)", day()),
        Arguments.of(
            "SELECT max(time_bucket('1 hour'::interval, ts)) AS h, time_bucket('1 day'::interval, ts) AS d FROM t GROUP BY (time_bucket('1 day'::interval, ts)) HAVING true",
            day()),
        Arguments.of("SELECT time_bucket(10, t.ts) AS b", Optional.of(new Whole(10))),
        Arguments.of("SELECT time_bucket('10'::bigint, t.ts)", Optional.of(new Whole(10))),
        Arguments.of("SELECT time_bucket((10)::bigint, t.ts)", Optional.of(new Whole(10))),
        Arguments.of("SELECT my_time_bucket('1 day'::interval, t.ts)", Optional.empty()),
        Arguments.of("SELECT date_trunc('day'::text, t.ts)", Optional.empty()),
        Arguments.of("SELECT time_bucket(t.width, t.ts)", Optional.empty()));
  }

  private static Optional<Interval> day() {
    return Optional.of(new Interval("1 day"));
  }

  @ParameterizedTest
  @MethodSource("printed")
  void readsTheWidthThatIsPrinted(String text, Optional<TimeSpan> width) {
    assertThat(Buckets.width(new ViewText(text))).isEqualTo(width);
  }
}
