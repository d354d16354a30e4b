package io.zublk.daemon.device;

/**
 * What becomes of a device, and of what it holds, when its process ends. It is decided here, once,
 * when the device serves no more; the steps back ask for it, and decide nothing.
 */
enum Outcome {
  /** Nothing is left: somebody wanted it to end, or it has never served. */
  DELETE,

  /** It died: data, log and the reason stay until somebody removes the device. */
  KEEP,

  /** Another process goes on with it: all of it is that one's. */
  HAND_OVER
}
