package io.zublk.bench;

import java.io.IOException;
import java.util.List;

/** A device that fio can use. */
interface DeviceTarget extends Target {

  Address address();

  /** What may explain why a use of it has failed, a line each. */
  default List<String> condition() {
    return List.of();
  }

  @Override
  default Lane openLane() throws IOException {
    return address().openLane();
  }
}
