package io.zublk.vhost;

/**
 * Who is connected to a server.
 *
 * @param process its process, or the one that made the connection for it; 0 if that is in another
 *     namespace
 * @param keepsInflight whether it keeps what is in flight when the connection ends. One that does
 *     not, such as libblkio, waits for ever then; one that does, such as QEMU, loses nothing if it
 *     is set to connect again
 */
public record VhostClient(int process, boolean keepsInflight) {

  VhostClient keepingInflight(boolean keeps) {
    return keeps == keepsInflight ? this : new VhostClient(process, keeps);
  }

  @Override
  public String toString() {
    return "process " + process;
  }
}
