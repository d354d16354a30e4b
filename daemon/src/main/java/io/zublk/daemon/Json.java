package io.zublk.daemon;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.jr.ob.JSON;
import com.fasterxml.jackson.jr.ob.JSONObjectException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** JSON on one line, as it travels on control sockets and lies in state files. */
public final class Json {

  private Json() {}

  /** A map, list, record or scalar as one line, without its line end. */
  public static String line(Object value) {
    try {
      return JSON.std.asString(value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads an object; whatever else is JSON is refused, {@code null} too. */
  public static Map<String, Object> object(String line) throws IOException {
    Map<String, Object> object = JSON.std.mapFrom(line);
    if (object == null) {
      throw new IOException("not a JSON object: " + line);
    }
    return object;
  }

  /** Reads a record; members that are absent become null or 0. */
  public static <T> T record(Class<T> type, String line) throws IOException {
    return JSON.std.beanFrom(type, line);
  }

  /**
   * Reads a record from UTF-8.
   *
   * @throws IOException if it is none, or has values that the record does not take
   */
  public static <T> T record(Class<T> type, byte[] line) throws IOException {
    try {
      return JSON.std.beanFrom(type, line);
    } catch (JSONObjectException e) {
      // Its message names classes, and not the reason that a record gave.
      throw new IOException("it says what this zublk does not understand", e);
    } catch (JsonProcessingException e) {
      throw new IOException("it is no JSON", e);
    }
  }

  /**
   * The components of a record in their order, so that a counter that a lower module adds appears
   * in {@code stat} without anybody copying it: {@code memUsedTotal} becomes {@code
   * PREFIXmem_used_total}.
   */
  public static Map<String, Object> members(String prefix, Record record) {
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
