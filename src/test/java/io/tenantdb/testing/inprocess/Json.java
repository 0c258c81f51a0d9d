package io.tenantdb.testing.inprocess;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.dsl.HttpMethod;
import io.fabric8.mockwebserver.http.Buffer;
import io.fabric8.mockwebserver.http.Headers;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.nio.charset.StandardCharsets;

/** Bodies of requests and responses. */
final class Json {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final YAMLMapper YAML = new YAMLMapper();

  private Json() {}

  static ObjectNode object(RecordedRequest request) {
    if (of(request) instanceof ObjectNode object) {
      return object;
    }
    throw Refusal.invalid("an object is needed");
  }

  static JsonNode of(RecordedRequest request) {
    return of(request.getBody().readUtf8());
  }

  static JsonNode of(MockResponse response) {
    return of(response.getBody().readUtf8());
  }

  /** Of JSON, or of YAML: what is applied may be either. */
  static JsonNode of(String text) {
    try {
      return text.startsWith("{") || text.startsWith("[")
          ? JSON.readTree(text)
          : YAML.readTree(text);
    } catch (JsonProcessingException e) {
      throw Refusal.invalid(e.getOriginalMessage());
    }
  }

  static MockResponse response(int code, Object body) {
    return new MockResponse()
        .setResponseCode(code)
        .setHeader("Content-Type", "application/json")
        .setBody(Serialization.asJson(body));
  }

  static RecordedRequest request(HttpMethod method, String path, JsonNode body) {
    return new RecordedRequest(
        "HTTP/1.1",
        method,
        path,
        Headers.builder().add("Content-Type", "application/json").build(),
        new Buffer(body.toString().getBytes(StandardCharsets.UTF_8)));
  }
}
