package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReplyBufferTest {

  /** The other use may end at any moment: who needs room asks for room, not for other uses. */
  @Test
  void whatWasSharedWhenItWasSentBecomesFreeAtTheNextSendOnly() {
    TransferBuffer memory = new ConnectionMemory().take();
    ReplyBuffer replies = new ReplyBuffer(memory);
    memory.addUser();
    replies.skipTo(4096);
    replies.markSent();
    assertThat(memory.removeUser()).isFalse();

    assertThat(memory.isShared()).isFalse();
    assertThat(replies.free()).isEqualTo(TransferBuffer.CAPACITY_BYTES - 4096);
    replies.markSent();
    assertThat(replies.free()).isEqualTo(TransferBuffer.CAPACITY_BYTES);
  }
}
