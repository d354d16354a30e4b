/** The kernel's numbers. */
package io.zublk.ublk.abi;
