/**
 * Page codecs behind one interface, and what a store needs beside them: {@link
 * io.zublk.codec.PageFill} recognises pages that need no codec, {@link io.zublk.codec.PageChecksum}
 * protects what a codec wrote.
 *
 * <p>All memory passed in is native (off the Java heap) and must stay open during the call.
 */
package io.zublk.codec;
