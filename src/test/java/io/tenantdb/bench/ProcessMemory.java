package io.tenantdb.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a process has of the machine's memory, as Linux counts it in {@code /proc/PID/status}.
 *
 * @param residentKib resident now (VmRSS), in KiB
 * @param peakKib the most that was ever resident (VmHWM), in KiB
 */
record ProcessMemory(long residentKib, long peakKib) {

  static ProcessMemory of(long pid) throws IOException {
    return parse(Files.readString(Path.of("/proc", Long.toString(pid), "status")));
  }

  /**
   * Reads the text of the file.
   *
   * @throws IllegalArgumentException if a line is missing, as for a kernel thread or a zombie
   */
  static ProcessMemory parse(String status) {
    return new ProcessMemory(kib(status, "VmRSS"), kib(status, "VmHWM"));
  }

  private static long kib(String status, String name) {
    Matcher line =
        Pattern.compile("^" + name + ":\\s+(\\d+) kB$", Pattern.MULTILINE).matcher(status);
    if (!line.find()) {
      throw new IllegalArgumentException("no " + name + ": the process has ended");
    }
    return Long.parseLong(line.group(1));
  }
}
