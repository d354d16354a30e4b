package io.zublk.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.store.StoreStats;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class JsonTest {

  record Sample(long memUsedTotal, long x2Reads) {}

  @Test
  void namesComponentsAsZramDoes() {
    assertThat(Json.members("a_", new Sample(1, 2)))
        .containsExactly(
            java.util.Map.entry("a_mem_used_total", 1L), java.util.Map.entry("a_x2_reads", 2L));
  }

  @Test
  void theStoreHasZramsNames() {
    List<String> names =
        Arrays.stream(StoreStats.class.getRecordComponents())
            .map(RecordComponent::getName)
            .map(Json::snakeCase)
            .toList();
    assertThat(names)
        .contains(
            "orig_data_size",
            "compr_data_size",
            "mem_used_total",
            "mem_limit",
            "mem_used_max",
            "same_pages",
            "huge_pages",
            "huge_pages_since",
            "failed_reads",
            "failed_writes",
            "invalid_io",
            "notify_free",
            "checksum_errors");
  }
}
