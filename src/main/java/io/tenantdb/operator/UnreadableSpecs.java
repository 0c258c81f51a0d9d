package io.tenantdb.operator;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.DeserializationConfig;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.deser.BeanDeserializerModifier;
import com.fasterxml.jackson.databind.deser.std.DelegatingDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import io.tenantdb.api.v1alpha1.TenantDatabaseStatus;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a spec or status of another shape as absent, as a whole. Leaving out only the field that
 * does not fit would change what the spec means: a lost {@code exclude} makes more tenants.
 */
final class UnreadableSpecs extends SimpleModule {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(UnreadableSpecs.class);

  UnreadableSpecs() {
    setDeserializerModifier(new Modifier());
  }

  private static final class Modifier extends BeanDeserializerModifier {
    private static final long serialVersionUID = 1L;

    @Override
    public JsonDeserializer<?> modifyDeserializer(
        DeserializationConfig config, BeanDescription bean, JsonDeserializer<?> deserializer) {
      Class<?> type = bean.getBeanClass();
      return type == TenantDatabaseSpec.class || type == TenantDatabaseStatus.class
          ? new Whole(deserializer)
          : deserializer;
    }
  }

  private static final class Whole extends DelegatingDeserializer {
    private static final long serialVersionUID = 1L;

    Whole(JsonDeserializer<?> delegate) {
      super(delegate);
    }

    @Override
    protected JsonDeserializer<?> newDelegatingInstance(JsonDeserializer<?> delegate) {
      return new Whole(delegate);
    }

    @Override
    public Object deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      JsonNode tree = context.readTree(parser);
      try (JsonParser again = tree.traverse(parser.getCodec())) {
        again.nextToken();
        return super.deserialize(again, context);
      } catch (JsonMappingException e) {
        LOG.error("{} cannot be read: {}", e.getPathReference(), e.getOriginalMessage());
        return null;
      }
    }
  }
}
