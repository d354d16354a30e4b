package io.zublk.ublk.examples;

import io.zublk.ublk.UblkDevices;
import java.io.IOException;

/**
 * Looks after ublk devices of any process: {@code java io.zublk.ublk.examples.Devices} lists the
 * driver's features and all devices, and with ids as arguments deletes those.
 */
public final class Devices {

  private Devices() {}

  /** Lists devices, or deletes those whose ids are given. */
  public static void main(String[] ids) {
    try {
      for (String id : ids) {
        UblkDevices.delete(Integer.parseInt(id));
      }
      if (ids.length == 0) {
        System.out.println(UblkDevices.features());
        for (int id : UblkDevices.ids()) {
          System.out.println(UblkDevices.info(id));
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
