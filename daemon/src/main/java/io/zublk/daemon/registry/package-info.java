/** The run directory: who has which id, where its data lie, and what is left of the dead. */
package io.zublk.daemon.registry;
