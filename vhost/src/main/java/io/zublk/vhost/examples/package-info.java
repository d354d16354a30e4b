/** Small devices that show how one is served; each can be run. */
package io.zublk.vhost.examples;
