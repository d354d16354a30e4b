/** What a client and the server say to each other over their socket (vhost-user). */
package io.zublk.vhost.protocol;
