/** Small devices that show how a disk is made; each can be run. */
package io.zublk.ublk.examples;
