package io.zublk.codec;
