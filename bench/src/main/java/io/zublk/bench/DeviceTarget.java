package io.zublk.bench;

import java.io.IOException;

/** A device that fio can use. */
interface DeviceTarget extends Target {

  Address address();

  @Override
  default Lane openLane() throws IOException {
    return address().openLane();
  }
}
