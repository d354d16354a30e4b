/** What the driver is asked for outside of requests: {@link io.zublk.ublk.control.UblkControl}. */
package io.zublk.ublk.control;
