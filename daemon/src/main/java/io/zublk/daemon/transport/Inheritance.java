package io.zublk.daemon.transport;

import io.zublk.block.BlockDevice;
import io.zublk.block.FailureListener;
import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.settings.PerformanceSettings;
import java.io.IOException;
import java.nio.file.Path;

/** What another process has {@linkplain Offer sent} of its transport. */
public interface Inheritance extends AutoCloseable {

  /**
   * Goes on where the other process has left off; its users notice a pause. The inheritance is the
   * transport's then. For the parameters see {@link TransportFactory#recover}.
   */
  Transport resume(
      BlockDevice device,
      DeviceConfig config,
      long identity,
      PerformanceSettings settings,
      Path socket,
      FailureListener listener)
      throws IOException;

  /** Lets go of it, without a word to anybody; for who will not go on with it. */
  @Override
  void close();
}
