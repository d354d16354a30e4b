package io.zublk.daemon.device;

/**
 * What becomes of a device, and of what it holds, when its process ends. It is decided here, once,
 * when the device serves no more; the steps back ask for it, and decide nothing.
 *
 * <p>A process that leaves its device to a successor will end with a third outcome, HAND_OVER: the
 * store file and the id are then another's, and so are the steps that give them up. Who adds it is
 * led by the compiler to every step that has to know.
 */
enum Outcome {
  /** Nothing is left: somebody wanted it to end, or it has never served. */
  DELETE,

  /** It died: data, log and the reason stay until somebody removes the device. */
  KEEP;

  /** Of a device that has served, however that ended. */
  static Outcome of(StopRequest stop) {
    return stop.failed() ? KEEP : DELETE;
  }
}
