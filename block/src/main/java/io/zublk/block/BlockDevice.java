package io.zublk.block;

/**
 * A randomly addressable array of bytes that transports serve.
 *
 * <p>A device may be used by any number of threads, each through a {@link BlockChannel} of its own.
 */
public interface BlockDevice {

  /**
   * The size of now, and the block size, which is constant. A device may become larger or smaller
   * while it is used; whoever makes it so tells its transport. What is beyond it is {@link
   * Errno#EINVAL}, whatever a transport believes.
   */
  Geometry geometry();

  /**
   * Opens a channel for one thread. Opening allocates (codec contexts, scratch pages); using it
   * does not, so threads open theirs once, before they serve requests. Its operations wait for
   * whatever they need.
   */
  BlockChannel openChannel();

  /**
   * Opens a channel for one thread that has more to do than to wait: its operations may return
   * {@link BlockChannel#LATE}. The default is for devices that always answer at once.
   *
   * @param answers where such operations are answered; this channel's alone
   */
  default BlockChannel openChannel(LateAnswers answers) {
    return openChannel();
  }
}
