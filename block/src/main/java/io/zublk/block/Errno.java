package io.zublk.block;

/**
 * The error numbers that block operations return, negated. The values are Linux's
 * (include/uapi/asm-generic/errno-base.h and errno.h), the same on x86-64 and aarch64.
 */
public final class Errno {

  /** Operation not permitted: the device is read-only or the caller may not. */
  public static final int EPERM = 1;

  /** I/O error: the bytes cannot be trusted, or the store failed. */
  public static final int EIO = 5;

  /** Out of memory outside the store. */
  public static final int ENOMEM = 12;

  /** The range or the request makes no sense for this device. */
  public static final int EINVAL = 22;

  /** The memory limit is reached; nothing was stored. */
  public static final int ENOSPC = 28;

  /** The device is shutting down. */
  public static final int ESHUTDOWN = 108;

  /** The operation is not supported. */
  public static final int EOPNOTSUPP = 95;

  /** The greatest that there is, now or ever: {@code MAX_ERRNO} of include/linux/err.h. */
  private static final int MAX = 4095;

  private Errno() {}

  /**
   * What an operation that moves no bytes may return: 0 or a negated error; anything else is EIO.
   */
  public static int resultOrEio(int result) {
    return result <= 0 && result >= -MAX ? result : -EIO;
  }
}
