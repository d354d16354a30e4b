package io.zublk.vhost.protocol;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.block.RateLimitedLog;
import io.zublk.uring.sys.EventCount;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.LinuxSocket;
import io.zublk.vhost.VhostOptions;
import io.zublk.vhost.io.ConfigSpace;
import io.zublk.vhost.io.RingThreads;
import io.zublk.vhost.memory.GuestMemory;
import io.zublk.vhost.memory.MappedRegion;
import io.zublk.vhost.memory.Region;
import io.zublk.vhost.ring.InflightArea;
import io.zublk.vhost.ring.SplitRing;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * What one client asks for, from its connection to its end: it agrees on features, shows its
 * memory, and sets up rings. Used by the server's thread for clients.
 */
public final class Session implements AutoCloseable {

  private static final long PROTOCOL_FEATURES =
      VhostUser.P_MQ
          | VhostUser.P_REPLY_ACK
          | VhostUser.P_BACKEND_REQ
          | VhostUser.P_CONFIG
          | VhostUser.P_INFLIGHT_SHMFD
          | VhostUser.P_CONFIGURE_MEM_SLOTS;

  private static final long RING_FEATURES =
      VhostUser.F_INDIRECT_DESC
          | VhostUser.F_EVENT_IDX
          | VhostUser.F_PROTOCOL_FEATURES
          | VhostUser.F_VERSION_1
          | VhostUser.F_IN_ORDER;

  private static final int CONFIG_HEADER_BYTES = 12;

  /**
   * How often a client that goes on with a ring is called again. A call may get lost while it still
   * starts, and with EVENT_IDX no other follows: seen with QEMU 10.0.2 that connected again, whose
   * guest waited for ever.
   */
  private static final int CALLS_AGAIN = 10;

  private final ClientSocket client;
  private final RingThreads threads;
  private final BlockDevice device;
  private final VhostOptions options;
  private final BackChannel backChannel;
  private final RateLimitedLog log;
  private final long offered;
  private final Vring[] vrings;

  private long features;
  private long protocolFeatures;
  private GuestMemory memory = GuestMemory.NONE;

  /** The device's size as the client knows it, in bytes; 0 if it has not asked in this session. */
  private long knownBytes;

  /** How often the client is still to be called, whether it waits for that or not. */
  private int callsAgain;

  /** Null if the client does not want to know what is in flight. */
  private InflightArea inflight;

  /**
   * Begins with a client.
   *
   * @param socket the client's, which is the session's from now on
   * @param backChannel open while the client wants to hear, at most as long as the session is
   */
  public Session(
      LinuxSocket socket,
      BlockDevice device,
      VhostOptions options,
      RingThreads threads,
      BackChannel backChannel,
      RateLimitedLog log)
      throws IOException {
    this.client = new ClientSocket(socket);
    this.device = device;
    this.options = options;
    this.threads = threads;
    this.backChannel = backChannel;
    this.log = log;
    this.offered = RING_FEATURES | ConfigSpace.features(options);
    this.vrings = new Vring[options.queues()];
    for (int i = 0; i < vrings.length; i++) {
      vrings[i] = new Vring(i);
    }
  }

  /**
   * Waits for a message and does what it says.
   *
   * @throws IOException if the client has left ({@link java.io.EOFException}), or nothing more can
   *     be done for it
   */
  public void serve() throws IOException {
    try (Message message = client.receive()) {
      boolean asked = message.needsReply() && (protocolFeatures & VhostUser.P_REPLY_ACK) != 0;
      try {
        if (!answer(message)) {
          perform(message);
          if (asked) {
            replyU64(message.request(), 0);
          }
        }
      } catch (ProtocolException e) {
        if (!asked) {
          throw e;
        }
        log.warning("refused a client's request", e.getMessage());
        replyU64(message.request(), 1);
      }
    }
  }

  /** Answers a message that has a reply of its own; returns whether it was one. */
  private boolean answer(Message message) throws IOException {
    int request = message.request();
    switch (request) {
      case VhostUser.GET_FEATURES -> replyU64(request, offered);
      case VhostUser.GET_PROTOCOL_FEATURES -> replyU64(request, PROTOCOL_FEATURES);
      case VhostUser.GET_QUEUE_NUM -> replyU64(request, vrings.length);
      case VhostUser.GET_MAX_MEM_SLOTS -> replyU64(request, GuestMemory.MAX_REGIONS);
      case VhostUser.GET_CONFIG -> replyConfig(message);
      case VhostUser.GET_VRING_BASE -> stopRing(message);
      case VhostUser.GET_INFLIGHT_FD -> makeInflight(message);
      default -> {
        return false;
      }
    }
    return true;
  }

  private void perform(Message message) throws IOException {
    switch (message.request()) {
      case VhostUser.SET_OWNER, VhostUser.RESET_OWNER -> {}
      case VhostUser.SET_FEATURES -> setFeatures(message.u64(0));
      case VhostUser.SET_PROTOCOL_FEATURES -> setProtocolFeatures(message.u64(0));
      case VhostUser.SET_MEM_TABLE -> setMemory(message);
      case VhostUser.ADD_MEM_REG -> addMemory(message);
      case VhostUser.REM_MEM_REG -> removeMemory(message);
      case VhostUser.SET_VRING_NUM -> stopped(message).size = message.u32(Integer.BYTES);
      case VhostUser.SET_VRING_BASE -> stopped(message).base = message.u32(Integer.BYTES);
      case VhostUser.SET_VRING_ADDR -> setAddresses(message);
      case VhostUser.SET_VRING_ENABLE -> enable(message);
      case VhostUser.SET_VRING_KICK -> startRing(message);
      case VhostUser.SET_VRING_CALL -> {
        Vring vring = eventVring(message);
        EventCount event = event(message);
        threads.change(() -> vring.setCall(event));
      }
      case VhostUser.SET_VRING_ERR -> {
        Vring vring = eventVring(message);
        EventCount event = event(message);
        threads.change(() -> vring.setError(event));
      }
      case VhostUser.SET_INFLIGHT_FD -> setInflight(message);
      case VhostUser.SET_BACKEND_REQ_FD -> {
        message.requireFiles(1);
        backChannel.open(message.takeFile(0));
      }
      case VhostUser.SET_CONFIG ->
          throw new ProtocolException("nothing of the configuration can be set");
      default -> throw new ProtocolException("unknown message " + message.request());
    }
  }

  // ---- features

  private void setFeatures(long accepted) throws IOException {
    if ((accepted & ~offered) != 0) {
      throw new ProtocolException(
          "features that were not offered: 0x" + Long.toHexString(accepted & ~offered));
    }
    features = accepted;
    if ((accepted & VhostUser.F_PROTOCOL_FEATURES) == 0) {
      for (Vring vring : vrings) {
        vring.enabled = true;
      }
      threads.change(this::setRings);
    }
  }

  private void setProtocolFeatures(long accepted) throws ProtocolException {
    if ((accepted & ~PROTOCOL_FEATURES) != 0) {
      throw new ProtocolException(
          "protocol features that were not offered: 0x"
              + Long.toHexString(accepted & ~PROTOCOL_FEATURES));
    }
    protocolFeatures = accepted;
  }

  private void replyConfig(Message message) throws IOException {
    long offset = Integer.toUnsignedLong(message.u32(0));
    long size = Integer.toUnsignedLong(message.u32(Integer.BYTES));
    if (offset + size > ConfigSpace.BYTES
        || message.payload().byteSize() < CONFIG_HEADER_BYTES + size) {
      client.reply(message.request(), MemorySegment.ofArray(new byte[0]));
      return;
    }
    Geometry geometry = device.geometry();
    MemorySegment config = ConfigSpace.of(geometry, options);
    MemorySegment reply = message.payload().asSlice(0, CONFIG_HEADER_BYTES + size);
    MemorySegment.copy(config, offset, reply, CONFIG_HEADER_BYTES, size);
    knownBytes = geometry.sizeBytes();
    client.reply(message.request(), reply);
  }

  // ---- memory

  private void setMemory(Message message) throws IOException {
    int count = message.u32(0);
    if (count < 0 || count > VhostUser.MAX_FILES) {
      throw new ProtocolException("a table of " + count + " memory regions");
    }
    message.requireFiles(count);
    GuestMemory table = GuestMemory.NONE;
    try {
      for (int i = 0; i < count; i++) {
        Region region = region(message, Long.BYTES + (long) i * VhostUser.REGION_BYTES);
        table = withMapped(table, region, message.file(i));
      }
    } catch (IOException e) {
      table.regions().forEach(MappedRegion::unmap);
      throw e;
    }
    List<MappedRegion> old = memory.regions();
    useMemory(table);
    old.forEach(MappedRegion::unmap);
  }

  private void addMemory(Message message) throws IOException {
    message.requireFiles(1);
    useMemory(withMapped(memory, region(message, Long.BYTES), message.file(0)));
  }

  // Some clients send a file along; it is of no use.
  private void removeMemory(Message message) throws IOException {
    MappedRegion region = memory.find(region(message, Long.BYTES));
    if (region == null) {
      throw new ProtocolException("a memory region that there is not: " + message.u64(8));
    }
    useMemory(memory.without(region));
    region.unmap();
  }

  private static Region region(Message message, long at) throws ProtocolException {
    return new Region(
        message.u64(at), message.u64(at + 8), message.u64(at + 16), message.u64(at + 24));
  }

  private static GuestMemory withMapped(GuestMemory memory, Region region, int fd)
      throws IOException {
    MappedRegion mapped = null;
    try {
      mapped = MappedRegion.map(region, fd);
      return memory.with(mapped);
    } catch (IOException e) {
      if (mapped != null) {
        mapped.unmap();
      }
      throw new ProtocolException(e.getMessage());
    }
  }

  private void useMemory(GuestMemory newMemory) {
    threads.change(() -> {
      memory = newMemory;
      for (Vring vring : vrings) {
        vring.moveTo(newMemory);
      }
    });
  }

  // ---- rings

  private Vring vring(int index) throws ProtocolException {
    if (index < 0 || index >= vrings.length) {
      throw new ProtocolException("ring " + index + " of " + vrings.length);
    }
    return vrings[index];
  }

  /** The ring that a message is about, which must not have started. */
  private Vring stopped(Message message) throws ProtocolException {
    Vring vring = vring(message.u32(0));
    if (vring.isStarted()) {
      throw new ProtocolException(vring + " has started, and cannot be changed");
    }
    return vring;
  }

  private void setAddresses(Message message) throws ProtocolException {
    Vring vring = stopped(message);
    vring.descriptors = message.u64(8);
    vring.used = message.u64(16);
    vring.available = message.u64(24);
  }

  private void enable(Message message) throws ProtocolException {
    Vring vring = vring(message.u32(0));
    vring.enabled = message.u32(Integer.BYTES) != 0;
    threads.change(this::setRings);
  }

  private Vring eventVring(Message message) throws ProtocolException {
    return vring((int) message.u64(0) & VhostUser.QUEUE_MASK);
  }

  /** The event that came with a message; null if none did. */
  private static EventCount event(Message message) throws IOException {
    if ((message.u64(0) & VhostUser.NO_FILE) != 0) {
      return null;
    }
    message.requireFiles(1);
    try {
      return EventCount.adopt(message.takeFile(0));
    } catch (IOException e) {
      throw new ProtocolException(e.getMessage());
    }
  }

  private void startRing(Message message) throws IOException {
    Vring vring = eventVring(message);
    EventCount kick = event(message);
    if (vring.goesOn()) {
      callsAgain = CALLS_AGAIN;
    }
    boolean eventIndex = (features & VhostUser.F_EVENT_IDX) != 0;
    threads.<IOException>change(() -> {
      vring.start(kick, memory, inflight, eventIndex);
      setRings();
    });
    tellSize();
  }

  /**
   * Tells the client of a size that it cannot know: it has changed since it asked, or, if it has
   * connected again and does not ask, before. QEMU listens only once it has started a ring.
   */
  private void tellSize() {
    long bytes = device.geometry().sizeBytes();
    if (knownBytes != bytes) {
      knownBytes = bytes;
      boolean _ = backChannel.tellConfigChange();
    }
  }

  /** Whether {@link #callAgain} is to be called before long. */
  public boolean callsAgain() {
    return callsAgain > 0;
  }

  /** Has the client called for all rings, which costs it a look at them. */
  public void callAgain() {
    callsAgain--;
    threads.change(() -> {
      for (Vring vring : vrings) {
        vring.callOnce();
      }
    });
  }

  private void stopRing(Message message) throws IOException {
    int index = message.u32(0);
    Vring vring = vring(index);
    threads.change(() -> {
      threads.setRing(index, null);
      vring.stop();
    });
    MemorySegment reply = MemorySegment.ofArray(new byte[2 * Integer.BYTES]);
    reply.set(JAVA_INT_UNALIGNED, 0, index);
    reply.set(JAVA_INT_UNALIGNED, Integer.BYTES, vring.base);
    client.reply(message.request(), reply);
  }

  private void setRings() {
    for (int i = 0; i < vrings.length; i++) {
      threads.setRing(i, vrings[i].served());
    }
  }

  // ---- what is in flight

  private void makeInflight(Message message) throws IOException {
    int queues = message.u16(16);
    int queueSize = message.u16(18);
    requireInflight(queues, queueSize);
    long bytes = InflightArea.bytes(queues, queueSize);
    try (LinuxFile file = LinuxFile.memory("vhost-inflight", 0)) {
      file.truncate(bytes);
      MemorySegment reply = message.payload(); // as long as it was: compilers may pad it
      reply.set(JAVA_LONG_UNALIGNED, 0, bytes);
      reply.set(JAVA_LONG_UNALIGNED, 8, 0);
      reply.set(JAVA_SHORT_UNALIGNED, 16, (short) queues);
      reply.set(JAVA_SHORT_UNALIGNED, 18, (short) queueSize);
      client.reply(message.request(), reply, file.fd());
    }
  }

  private void setInflight(Message message) throws IOException {
    message.requireFiles(1);
    int queues = message.u16(16);
    int queueSize = message.u16(18);
    requireInflight(queues, queueSize);
    for (Vring vring : vrings) {
      if (vring.isStarted()) {
        throw new ProtocolException("an inflight area while rings are started");
      }
    }
    LinuxFile file = LinuxFile.adopt("inflight area", message.file(0)); // closed with the message
    InflightArea area;
    try {
      area = InflightArea.map(file, message.u64(8), queues, queueSize);
    } catch (ProtocolException e) {
      throw e;
    } catch (IOException e) {
      throw new ProtocolException(e.getMessage());
    }
    endInflight();
    inflight = area;
  }

  private void requireInflight(int queues, int queueSize) throws ProtocolException {
    if (queues < 1 || queues > vrings.length || queueSize < 1 || queueSize > SplitRing.MAX_SIZE) {
      throw new ProtocolException(
          "an inflight area for %d rings of %d entries".formatted(queues, queueSize));
    }
  }

  private void endInflight() {
    if (inflight != null) {
      inflight.unmap();
      inflight = null;
    }
  }

  // ---- replies

  private void replyU64(int request, long value) throws IOException {
    MemorySegment reply = MemorySegment.ofArray(new byte[Long.BYTES]);
    reply.set(JAVA_LONG_UNALIGNED, 0, value);
    client.reply(request, reply);
  }

  /**
   * Whether the client keeps, beyond the end of this connection, what is in flight: only such a
   * client can connect again and lose nothing.
   */
  public boolean keepsInflight() {
    return inflight != null;
  }

  /** Serves the client's rings no more, and gives back all that it has lent. */
  @Override
  public void close() {
    threads.change(() -> {
      for (int i = 0; i < vrings.length; i++) {
        threads.setRing(i, null);
        vrings[i].close();
      }
    });
    backChannel.close();
    endInflight();
    memory.regions().forEach(MappedRegion::unmap);
    memory = GuestMemory.NONE;
    client.close();
  }
}
