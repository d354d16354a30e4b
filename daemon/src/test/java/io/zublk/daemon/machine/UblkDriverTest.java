package io.zublk.daemon.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UblkDriverTest {

  @TempDir private Path temp;

  @Test
  void aModuleIsToBeLoadedOnlyWhereThereIsOne() throws Exception {
    Path control = temp.resolve("ublk-control");
    Path modules = temp.resolve("modules.dep");
    assertThat(UblkDriver.of(control, modules)).isEqualTo(UblkDriver.NONE);
    Files.writeString(modules, "kernel/drivers/block/zram/zram.ko:\n");
    assertThat(UblkDriver.of(control, modules)).isEqualTo(UblkDriver.NONE);
    Files.writeString(modules, "kernel/drivers/block/ublk_drv.ko.xz:\n");
    assertThat(UblkDriver.of(control, modules)).isEqualTo(UblkDriver.UNLOADED);
    Files.createFile(control);
    assertThat(UblkDriver.of(control, modules)).isEqualTo(UblkDriver.LOADED);
  }
}
