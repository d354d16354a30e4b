package io.zublk.daemon;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A device that serves I/O, as {@code create --json} prints it.
 *
 * @param path what a client opens: a block device's path or an NBD URI
 * @param size in bytes
 * @param pid the process that serves it
 */
public record ReadyDevice(
    int id, String transport, String path, long size, String algorithm, long pid) {

  /** The members in the order of the contract, which the record's own JSON does not keep. */
  public Map<String, Object> members() {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("id", id);
    members.put("transport", transport);
    members.put("path", path);
    members.put("size", size);
    members.put("algorithm", algorithm);
    members.put("pid", pid);
    return members;
  }
}
