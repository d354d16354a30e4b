package io.zublk.daemon.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether this machine has the kernel's ublk driver, before anybody opens it. */
public enum UblkDriver {
  /** Its control device is there. */
  LOADED("the driver is loaded", ""),
  /** It is a module that nobody has loaded yet. */
  UNLOADED("the driver is there but not loaded", "modprobe ublk_drv"),
  /** Nothing that could be loaded. */
  NONE("this kernel has no ublk driver", "use --transport nbd, which needs no driver");

  private static final Path CONTROL = Path.of("/dev/ublk-control");

  private final String what;
  private final String todo;

  UblkDriver(String what, String todo) {
    this.what = what;
    this.todo = todo;
  }

  public static UblkDriver ofThisMachine() {
    Path modules = Path.of("/lib/modules", KernelVersion.running().release(), "modules.dep");
    return of(CONTROL, modules);
  }

  static UblkDriver of(Path control, Path modules) {
    if (Files.exists(control)) {
      return LOADED;
    }
    try {
      return Files.readString(modules).contains("/ublk_drv.ko") ? UNLOADED : NONE;
    } catch (IOException e) {
      return NONE;
    }
  }

  public String what() {
    return what;
  }

  /** What to do about it; empty for {@link #LOADED}. */
  public String todo() {
    return todo;
  }
}
