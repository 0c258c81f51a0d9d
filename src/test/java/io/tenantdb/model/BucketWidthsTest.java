package io.tenantdb.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BucketWidthsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT public.time_bucket('1 day'::interval, t.ts) AS d",
        "SELECT time_bucket('1 day'::interval, t.ts, 'Europe/Paris'::text)",
        "SELECT \"My Ext\".time_bucket('1 day'::interval, t.ts)",
        "SELECT time_bucket(bucket_width => '1 day'::interval, ts => t.ts) AS d",
        "SELECT time_bucket(10, t.ts) AS b",
        "SELECT time_bucket('10'::bigint, t.ts)",
        "SELECT time_bucket((10)::bigint, t.ts)",
        "SELECT public.time_bucket_ng('1 day'::interval, t.ts) AS d",
        "SELECT max(time_bucket('1 hour'::interval, ts)), time_bucket('1 day'::interval, ts)",
        "SELECT date_trunc('day'::text, t.ts)"
      })
  void aLiteralIsWritten(String text) {
    assertThat(BucketWidths.areWritten(new ViewText(text))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT time_bucket(make_interval(hours => 3), t.ts)",
        "SELECT time_bucket(('01:00:00'::interval * (2)::double precision), t.ts)",
        "SELECT time_bucket(<tenant>.width(), t.ts)",
        "SELECT time_bucket('1 day'::interval, ts), time_bucket(t.width, t.ts)",
        "SELECT time_bucket(ts => t.ts, bucket_width => '1 day'::interval)",
        "SELECT time_bucket((10 + 2), t.ts)"
      })
  void anythingElseIsComputed(String text) {
    assertThat(BucketWidths.areWritten(new ViewText(text))).isFalse();
  }
}
