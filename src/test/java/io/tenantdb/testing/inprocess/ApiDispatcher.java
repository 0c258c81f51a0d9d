package io.tenantdb.testing.inprocess;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.mockwebserver.dsl.HttpMethod;
import io.fabric8.mockwebserver.http.HttpUrl;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.fabric8.zjsonpatch.JsonPatch;
import java.net.HttpURLConnection;
import java.util.Optional;

/**
 * fabric8's CRUD mock with what it lacks. The mock stores, lists, deletes, watches (over WebSocket)
 * and counts versions and generations; every write reaches it as a whole object.
 */
public final class ApiDispatcher extends KubernetesCrudDispatcher {
  private static final String STATUS = "status";

  private final Runnable afterEach;
  private final Discovery discovery = new Discovery();
  private final Admission admission = new Admission();
  private final FieldOwners owners = new FieldOwners();

  /**
   * Of an empty server.
   *
   * @param afterEach runs after each request
   */
  public ApiDispatcher(Runnable afterEach) {
    this.afterEach = afterEach;
  }

  @Override
  public synchronized MockResponse dispatch(RecordedRequest request) {
    try {
      String path = request.getPath().replaceFirst("\\?.*", "");
      return switch (request.method()) {
        case GET -> get(request, path);
        case POST ->
            path.endsWith("reviews")
                ? Json.response(HttpURLConnection.HTTP_CREATED, Reviews.allow(Json.object(request)))
                : create(path, Json.object(request));
        case PUT -> replace(path, Json.object(request));
        case PATCH -> patch(request, path);
        default -> super.dispatch(request);
      };
    } catch (Refusal e) {
      return e.response();
    } catch (RuntimeException e) {
      // Without an answer the client would wait for ever.
      return Refusal.failed(e).response();
    } finally {
      afterEach.run();
    }
  }

  private MockResponse get(RecordedRequest request, String path) {
    Optional<Object> document = discovery.document(path);
    if (document.isPresent()) {
      return Json.response(HttpURLConnection.HTTP_OK, document.get());
    }
    ServedKind kind = kind(path);
    if ("true".equals(parameter(request, "watch"))
        && !"websocket".equalsIgnoreCase(request.getHeader("Upgrade"))) {
      throw Refusal.notHere("This API watches over WebSocket only");
    }
    MockResponse found = super.handleGet(selectable(request.getPath()));
    boolean table = String.valueOf(request.getHeader("Accept")).contains("as=Table");
    return table && found.code() == HttpURLConnection.HTTP_OK
        ? Json.response(HttpURLConnection.HTTP_OK, PrinterTable.of(kind, Json.of(found)))
        : found;
  }

  /** The mock selects by name only; what it does not know it would ignore with a warning. */
  private static String selectable(String pathAndQuery) {
    return pathAndQuery.replaceFirst("fieldSelector=type[^&]*&?", "");
  }

  private MockResponse create(String path, ObjectNode object) {
    ServedKind kind = kind(path);
    admission.admit(kind, object);
    return learned(kind, super.handleCreate(Json.request(HttpMethod.POST, path, object)));
  }

  /** Writes the object where it differs from the live one: a write that changes nothing is none. */
  private MockResponse replace(String path, ObjectNode next) {
    ServedKind kind = kind(path);
    if (!path.endsWith("/" + STATUS)) {
      admission.admit(kind, next);
    }
    return live(path).equals(Optional.of(next))
        ? Json.response(HttpURLConnection.HTTP_OK, next)
        : learned(kind, super.handleUpdate(Json.request(HttpMethod.PUT, path, next)));
  }

  private MockResponse patch(RecordedRequest request, String path) {
    String type = String.valueOf(request.getHeader("Content-Type"));
    if (type.contains("apply-patch")) {
      return apply(path, parameter(request, "fieldManager"), Json.object(request));
    }
    ObjectNode live = live(path).orElseThrow(() -> Refusal.notFound(path));
    return replace(
        path,
        (ObjectNode)
            (type.contains("json-patch")
                ? JsonPatch.apply(Json.of(request), live)
                : MergePatch.apply(live, Json.of(request))));
  }

  private MockResponse apply(String path, String manager, ObjectNode applied) {
    boolean status = path.endsWith("/" + STATUS);
    Optional<ObjectNode> live = live(path);
    if (live.isEmpty() && status) {
      throw Refusal.notFound(path);
    }
    if (status) {
      applied.retain(STATUS);
    } else {
      admission.prepare(kind(path), applied);
      applied.remove(STATUS);
    }
    // As in managedFields, where a subresource has an entry of its own.
    String owner = status ? manager + "/" + STATUS : manager;
    MockResponse response =
        live.isEmpty()
            ? create(path.substring(0, path.lastIndexOf('/')), applied.deepCopy())
            : replace(path, owners.merge(kind(path).schema(), live.get(), owner, applied));
    live(path).ifPresent(written -> owners.remember(written, owner, applied));
    return response;
  }

  /** A definition that was written is served from now on. */
  private MockResponse learned(ServedKind kind, MockResponse response) {
    if (kind.kind().equals("CustomResourceDefinition")
        && response.code() < HttpURLConnection.HTTP_BAD_REQUEST) {
      discovery.define(Json.of(response));
    }
    return response;
  }

  private ServedKind kind(String path) {
    return discovery.kind(path).orElseThrow(() -> Refusal.notFound(path));
  }

  private Optional<ObjectNode> live(String path) {
    return Optional.ofNullable(findResource(getKey(path)))
        .map(found -> (ObjectNode) Json.of(found.getValue()));
  }

  private static String parameter(RecordedRequest request, String name) {
    return HttpUrl.parse("http://localhost" + request.getPath()).queryParameter(name);
  }
}
