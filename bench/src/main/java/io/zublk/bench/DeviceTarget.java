package io.zublk.bench;

import java.io.IOException;
import java.util.Optional;

/** A device that fio can use. */
interface DeviceTarget extends Target {

  Address address();

  /** What the device says of its memory; empty if it says nothing. */
  Optional<MemoryUse> memory() throws IOException;

  @Override
  default Lane openLane() throws IOException {
    return address().openLane();
  }

  /** Bytes by zram's definitions: of pages, of their compressed form, of everything. */
  record MemoryUse(long orig, long compr, long used) {}
}
