package io.zublk.codec;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CodecMemoryTest {

  private static final long BYTES = 4096 + 8; // no codec's

  private static MemorySegment bytes(CodecMemory memory) {
    return MemorySegment.ofAddress(memory.address()).reinterpret(BYTES);
  }

  @Test
  void isForOneAtATimeAndGoesToTheNextOneZeroed() {
    Set<Long> places = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      CodecMemory one = new CodecMemory(BYTES, 64);
      CodecMemory other = new CodecMemory(BYTES, 64);
      for (CodecMemory memory : new CodecMemory[] {one, other}) {
        assertThat(memory.address() % 64).isZero();
        assertThat(bytes(memory).asByteBuffer().mismatch(ByteBuffer.allocate((int) BYTES)))
            .isEqualTo(-1);
        bytes(memory).set(JAVA_LONG, BYTES - Long.BYTES, -1);
        places.add(memory.address());
      }
      assertThat(one.address()).isNotEqualTo(other.address());
      one.close();
      other.close();
    }
    assertThat(places).hasSize(2);
  }

  @Test
  void isGivenBackOnce() {
    CodecMemory memory = new CodecMemory(BYTES, 64);
    memory.close();
    memory.close();
    assertThatThrownBy(memory::address).hasMessage("the codec is closed");
    CodecMemory one = new CodecMemory(BYTES, 64);
    CodecMemory other = new CodecMemory(BYTES, 64);
    assertThat(one.address()).isNotEqualTo(other.address());
    one.close();
    other.close();
  }
}
