package io.zublk.daemon;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.jr.ob.JSON;
import com.fasterxml.jackson.jr.ob.JSONObjectException;
import java.io.IOException;
import java.io.UncheckedIOException;
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
  static <T> T record(Class<T> type, String line) throws IOException {
    return JSON.std.beanFrom(type, line);
  }

  /**
   * Reads a record from UTF-8.
   *
   * @throws IOException if it is none, or has values that the record does not take
   */
  static <T> T record(Class<T> type, byte[] line) throws IOException {
    try {
      return JSON.std.beanFrom(type, line);
    } catch (JSONObjectException e) {
      // Its message names classes, and not the reason that a record gave.
      throw new IOException("it says what this zublk does not understand", e);
    } catch (JsonProcessingException e) {
      throw new IOException("it is no JSON", e);
    }
  }
}
