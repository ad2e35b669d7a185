package dev.turnout.log;

import static java.util.Map.entry;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// The system's error numbers and their texts as Linux's C library prints them.
///
/// Java reports the text and loses the number; nginx's messages carry both.
public final class Errno {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int ESRCH = 3;
  public static final int EACCES = 13;
  public static final int EEXIST = 17;
  public static final int ENOTDIR = 20;
  public static final int EINVAL = 22;
  public static final int ENOSPC = 28;
  public static final int ENOTEMPTY = 39;
  public static final int ELOOP = 40;

  private static final Map<Integer, String> TEXTS =
      Map.ofEntries(
          entry(1, "Operation not permitted"),
          entry(2, "No such file or directory"),
          entry(3, "No such process"),
          entry(4, "Interrupted system call"),
          entry(5, "Input/output error"),
          entry(6, "No such device or address"),
          entry(7, "Argument list too long"),
          entry(8, "Exec format error"),
          entry(9, "Bad file descriptor"),
          entry(10, "No child processes"),
          entry(11, "Resource temporarily unavailable"),
          entry(12, "Cannot allocate memory"),
          entry(13, "Permission denied"),
          entry(14, "Bad address"),
          entry(15, "Block device required"),
          entry(16, "Device or resource busy"),
          entry(17, "File exists"),
          entry(18, "Invalid cross-device link"),
          entry(19, "No such device"),
          entry(20, "Not a directory"),
          entry(21, "Is a directory"),
          entry(22, "Invalid argument"),
          entry(23, "Too many open files in system"),
          entry(24, "Too many open files"),
          entry(25, "Inappropriate ioctl for device"),
          entry(26, "Text file busy"),
          entry(27, "File too large"),
          entry(28, "No space left on device"),
          entry(29, "Illegal seek"),
          entry(30, "Read-only file system"),
          entry(31, "Too many links"),
          entry(32, "Broken pipe"),
          entry(33, "Numerical argument out of domain"),
          entry(34, "Numerical result out of range"),
          entry(35, "Resource deadlock avoided"),
          entry(36, "File name too long"),
          entry(37, "No locks available"),
          entry(38, "Function not implemented"),
          entry(39, "Directory not empty"),
          entry(40, "Too many levels of symbolic links"),
          entry(42, "No message of desired type"),
          entry(43, "Identifier removed"),
          entry(44, "Channel number out of range"),
          entry(45, "Level 2 not synchronized"),
          entry(46, "Level 3 halted"),
          entry(47, "Level 3 reset"),
          entry(48, "Link number out of range"),
          entry(49, "Protocol driver not attached"),
          entry(50, "No CSI structure available"),
          entry(51, "Level 2 halted"),
          entry(52, "Invalid exchange"),
          entry(53, "Invalid request descriptor"),
          entry(54, "Exchange full"),
          entry(55, "No anode"),
          entry(56, "Invalid request code"),
          entry(57, "Invalid slot"),
          entry(59, "Bad font file format"),
          entry(60, "Device not a stream"),
          entry(61, "No data available"),
          entry(62, "Timer expired"),
          entry(63, "Out of streams resources"),
          entry(64, "Machine is not on the network"),
          entry(65, "Package not installed"),
          entry(66, "Object is remote"),
          entry(67, "Link has been severed"),
          entry(68, "Advertise error"),
          entry(69, "Srmount error"),
          entry(70, "Communication error on send"),
          entry(71, "Protocol error"),
          entry(72, "Multihop attempted"),
          entry(73, "RFS specific error"),
          entry(74, "Bad message"),
          entry(75, "Value too large for defined data type"),
          entry(76, "Name not unique on network"),
          entry(77, "File descriptor in bad state"),
          entry(78, "Remote address changed"),
          entry(79, "Can not access a needed shared library"),
          entry(80, "Accessing a corrupted shared library"),
          entry(81, ".lib section in a.out corrupted"),
          entry(82, "Attempting to link in too many shared libraries"),
          entry(83, "Cannot exec a shared library directly"),
          entry(84, "Invalid or incomplete multibyte or wide character"),
          entry(85, "Interrupted system call should be restarted"),
          entry(86, "Streams pipe error"),
          entry(87, "Too many users"),
          entry(88, "Socket operation on non-socket"),
          entry(89, "Destination address required"),
          entry(90, "Message too long"),
          entry(91, "Protocol wrong type for socket"),
          entry(92, "Protocol not available"),
          entry(93, "Protocol not supported"),
          entry(94, "Socket type not supported"),
          entry(95, "Operation not supported"),
          entry(96, "Protocol family not supported"),
          entry(97, "Address family not supported by protocol"),
          entry(98, "Address already in use"),
          entry(99, "Cannot assign requested address"),
          entry(100, "Network is down"),
          entry(101, "Network is unreachable"),
          entry(102, "Network dropped connection on reset"),
          entry(103, "Software caused connection abort"),
          entry(104, "Connection reset by peer"),
          entry(105, "No buffer space available"),
          entry(106, "Transport endpoint is already connected"),
          entry(107, "Transport endpoint is not connected"),
          entry(108, "Cannot send after transport endpoint shutdown"),
          entry(109, "Too many references: cannot splice"),
          entry(110, "Connection timed out"),
          entry(111, "Connection refused"),
          entry(112, "Host is down"),
          entry(113, "No route to host"),
          entry(114, "Operation already in progress"),
          entry(115, "Operation now in progress"),
          entry(116, "Stale file handle"),
          entry(117, "Structure needs cleaning"),
          entry(118, "Not a XENIX named type file"),
          entry(119, "No XENIX semaphores available"),
          entry(120, "Is a named type file"),
          entry(121, "Remote I/O error"),
          entry(122, "Disk quota exceeded"),
          entry(123, "No medium found"),
          entry(124, "Wrong medium type"),
          entry(125, "Operation canceled"),
          entry(126, "Required key not available"),
          entry(127, "Key has expired"),
          entry(128, "Key has been revoked"),
          entry(129, "Key was rejected by service"),
          entry(130, "Owner died"),
          entry(131, "State not recoverable"),
          entry(132, "Operation not possible due to RF-kill"));

  private Errno() {}

  /// The text of error `number`.
  public static String text(int number) {
    String text = TEXTS.get(number);
    return text == null ? "Unknown error " + number : text;
  }

  /// `13: Permission denied`: what nginx puts in parentheses behind a failed call.
  public static String describe(int number) {
    return number + ": " + text(number);
  }

  /// `13: Permission denied` for the error behind `failure`; its own words where there is none.
  public static String describe(IOException failure) {
    OptionalInt number = number(failure);
    return number.isPresent() ? describe(number.getAsInt()) : String.valueOf(failure.getMessage());
  }

  /// The error number behind `failure`, by its type or by the system's text in its message.
  public static OptionalInt number(IOException failure) {
    return switch (failure) {
      case NoSuchFileException _ -> OptionalInt.of(ENOENT);
      case AccessDeniedException _ -> OptionalInt.of(EACCES);
      case FileAlreadyExistsException _ -> OptionalInt.of(EEXIST);
      case NotDirectoryException _ -> OptionalInt.of(ENOTDIR);
      case DirectoryNotEmptyException _ -> OptionalInt.of(ENOTEMPTY);
      case FileSystemLoopException _ -> OptionalInt.of(ELOOP);
      case FileSystemException system -> find(system.getReason());
      case FileNotFoundException missing -> find(missing.getMessage());
      default -> find(failure.getMessage());
    };
  }

  /// Sockets and old file classes wrap the text: `/path (Permission denied)`, `Connection refused:
  /// host`.
  private static OptionalInt find(@Nullable String message) {
    if (message == null) {
      return OptionalInt.empty();
    }
    int bySystem =
        message.indexOf("error(-"); // as Netty has it: `connect(..) failed with error(-13): …`
    int close = message.indexOf(')', bySystem + 1);
    if (bySystem >= 0 && close > 0) {
      try {
        return OptionalInt.of(Integer.parseInt(message.substring(bySystem + 7, close)));
      } catch (NumberFormatException _) {
        // then it is something else
      }
    }
    for (Map.Entry<Integer, String> row : TEXTS.entrySet()) {
      if (message.equals(row.getValue())
          || message.endsWith("(" + row.getValue() + ")")
          || message.startsWith(row.getValue() + ":")) {
        return OptionalInt.of(row.getKey());
      }
    }
    return OptionalInt.empty();
  }
}
