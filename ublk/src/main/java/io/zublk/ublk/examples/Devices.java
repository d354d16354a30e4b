package io.zublk.ublk.examples;

import io.zublk.ublk.UblkControl;
import java.io.IOException;

/**
 * Looks after ublk devices of any process: {@code java io.zublk.ublk.examples.Devices} lists the
 * driver's features and all devices, and with ids as arguments deletes those.
 */
public final class Devices {

  private Devices() {}

  /** Lists devices, or deletes those whose ids are given. */
  public static void main(String[] ids) {
    try (UblkControl control = UblkControl.open()) {
      for (String id : ids) {
        control.delete(Integer.parseInt(id));
      }
      if (ids.length == 0) {
        System.out.println(control.features());
        for (int id : UblkControl.deviceIds()) {
          System.out.println(control.info(id) + " " + control.parameters(id));
        }
      }
    } catch (NumberFormatException e) {
      System.err.println("arguments: ids of devices, to delete them; none, to list all");
      System.exit(2);
    } catch (IOException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }
}
