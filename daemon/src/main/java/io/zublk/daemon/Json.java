package io.zublk.daemon;

import com.fasterxml.jackson.jr.ob.JSON;
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

  /** Reads an object. */
  public static Map<String, Object> object(String line) throws IOException {
    return JSON.std.mapFrom(line);
  }

  /** Reads a record; members that are absent become null or 0. */
  static <T> T record(Class<T> type, String line) throws IOException {
    return JSON.std.beanFrom(type, line);
  }
}
