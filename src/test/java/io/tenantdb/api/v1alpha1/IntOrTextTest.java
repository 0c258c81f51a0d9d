package io.tenantdb.api.v1alpha1;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import org.junit.jupiter.api.Test;

class IntOrTextTest {
  private final KubernetesSerialization serialization = new KubernetesSerialization();

  @Test
  void numbersOf64BitsAndTextsSurviveTheKubernetesClient() {
    for (String value : new String[] {"7", "86400000000", "\"7 days\"", "\"30\""}) {
      String json = "{\"table\":\"t\",\"chunkInterval\":" + value + "}";
      HypertableSpec spec = serialization.unmarshal(json, HypertableSpec.class);
      assertThat(serialization.asJson(spec)).isEqualTo(json);
    }
  }

  @Test
  void whatIsNeitherIsReadAsTextRatherThanRefused() {
    for (String value : new String[] {"true", "1.5", "99999999999999999999", "[1]", "{}"}) {
      HypertableSpec spec =
          serialization.unmarshal("{\"chunkInterval\":" + value + "}", HypertableSpec.class);
      assertThat(spec.chunkInterval().number()).as(value).isNull();
      assertThat(spec.chunkInterval().text()).as(value).isNotNull();
    }
  }
}
