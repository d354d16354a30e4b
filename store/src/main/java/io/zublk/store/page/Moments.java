package io.zublk.store.page;

/**
 * The moment that is being saved, if one is: what every write looks at before it replaces a page.
 */
final class Moments {

  /** It costs x86 nothing to read. */
  private volatile Moment current;

  /** Sees to it that a page can be replaced. */
  void keep(long page) {
    Moment moment = current;
    if (moment != null) {
      moment.keep(page);
    }
  }

  void set(Moment moment) {
    current = moment;
  }
}
