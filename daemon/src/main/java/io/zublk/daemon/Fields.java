package io.zublk.daemon;

import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The components of a record as named values, so that a counter that a lower module adds appears in
 * {@code stat} without anybody copying it: {@code memUsedTotal} becomes {@code mem_used_total}.
 */
final class Fields {

  private Fields() {}

  /** The components in their order, each name with {@code prefix} before it. */
  static Map<String, Object> of(String prefix, Record record) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (RecordComponent component : record.getClass().getRecordComponents()) {
      try {
        fields.put(prefix + snakeCase(component.getName()), component.getAccessor().invoke(record));
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("cannot read " + component, e);
      }
    }
    return fields;
  }

  static String snakeCase(String camelCase) {
    return camelCase.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
  }
}
