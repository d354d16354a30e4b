package io.zublk.codec;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/** Pages as programs have them, each kind made from a seed. */
enum PageKind {
  ZEROS {
    @Override
    byte[] page(long seed) {
      return new byte[PageCodec.PAGE_BYTES];
    }
  },
  FILLED_WORD {
    @Override
    byte[] page(long seed) {
      byte[] bytes = new byte[PageCodec.PAGE_BYTES];
      ByteBuffer page = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
      while (page.hasRemaining()) {
        page.putLong(seed);
      }
      return bytes;
    }
  },
  TEXT {
    @Override
    byte[] page(long seed) {
      String[] words = {"the", "page", "of", "a", "device", "is", "written", "once", "more", "\n"};
      Random random = new Random(seed);
      var text = new StringBuilder(PageCodec.PAGE_BYTES + 16);
      while (text.length() < PageCodec.PAGE_BYTES) {
        text.append(words[random.nextInt(words.length)]).append(' ');
      }
      byte[] bytes = text.toString().getBytes(StandardCharsets.US_ASCII);
      return Arrays.copyOf(bytes, PageCodec.PAGE_BYTES);
    }
  },
  POINTERS {
    @Override
    byte[] page(long seed) {
      Random random = new Random(seed);
      byte[] bytes = new byte[PageCodec.PAGE_BYTES];
      ByteBuffer page = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
      while (page.hasRemaining()) {
        boolean empty = random.nextInt(4) == 0;
        page.putLong(empty ? 0 : 0x7F31_4000_0000L + 8L * random.nextInt(1 << 20));
      }
      return bytes;
    }
  },
  FEW_SYMBOLS {
    @Override
    byte[] page(long seed) {
      Random random = new Random(seed);
      byte[] page = new byte[PageCodec.PAGE_BYTES];
      int symbols = random.nextInt(1, 6);
      for (int i = 0; i < page.length; i++) {
        page[i] = (byte) (random.nextInt(symbols) * 37);
      }
      return page;
    }
  },
  SPARSE {
    @Override
    byte[] page(long seed) {
      Random random = new Random(seed);
      byte[] page = new byte[PageCodec.PAGE_BYTES];
      for (int i = random.nextInt(1, 400); i > 0; i--) {
        page[random.nextInt(page.length)] = (byte) random.nextInt();
      }
      return page;
    }
  },
  RUNS {
    @Override
    byte[] page(long seed) {
      Random random = new Random(seed);
      byte[] page = new byte[PageCodec.PAGE_BYTES];
      for (int at = 0; at < page.length; ) {
        int end = Math.min(page.length, at + random.nextInt(1, 300));
        Arrays.fill(page, at, end, (byte) random.nextInt());
        at = end;
      }
      return page;
    }
  },
  /** Records of one length, with a pointer to their type, a pointer near by, a counter, a flag. */
  RECORDS {
    @Override
    byte[] page(long seed) {
      Random random = new Random(seed);
      byte[] bytes = new byte[PageCodec.PAGE_BYTES];
      ByteBuffer page = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
      int length = 8 * random.nextInt(4, 40);
      int begin = 8 * random.nextInt(length / 8);
      for (int at = begin, i = 0; at + 32 <= bytes.length; at += length, i++) {
        page.putLong(at, 0x7F31_5520_1340L + 64L * random.nextInt(3));
        page.putLong(at + 8, 0x7F31_4000_0000L + 8L * random.nextInt(1 << 12));
        page.putLong(at + 16, 1000 + i);
        page.putInt(at + 24, random.nextInt(8) == 0 ? 1 : 0);
      }
      return bytes;
    }
  },
  RANDOM {
    @Override
    byte[] page(long seed) {
      byte[] page = new byte[PageCodec.PAGE_BYTES];
      new Random(seed).nextBytes(page);
      return page;
    }
  },
  /** Random but for one short repetition: around the break-even point of a codec. */
  NEARLY_RANDOM {
    @Override
    byte[] page(long seed) {
      byte[] page = RANDOM.page(seed);
      int length = new Random(~seed).nextInt(8, 128);
      System.arraycopy(page, 100, page, 3000, length);
      return page;
    }
  };

  abstract byte[] page(long seed);
}
