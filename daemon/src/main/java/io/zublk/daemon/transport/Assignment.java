package io.zublk.daemon.transport;

import io.zublk.block.BlockDevice;
import io.zublk.block.FailureListener;
import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.settings.PerformanceSettings;
import java.nio.file.Path;

/**
 * What a transport is to serve, and how.
 *
 * @param config with its id settled; what {@link Transport#settled} made of it, if it was served
 *     before
 * @param identity the device's identity, to recognise our own device in the kernel by
 * @param socket where a server listens that was not told where
 * @param listener is told why, if the device is served no more though nobody closed its transport
 */
public record Assignment(
    BlockDevice device,
    DeviceConfig config,
    long identity,
    PerformanceSettings settings,
    Path socket,
    FailureListener listener) {}
