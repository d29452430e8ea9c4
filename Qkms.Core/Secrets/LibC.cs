using System.Runtime.InteropServices;

namespace Qkms.Core.Secrets;

/// <summary>The few calls of the C library that .NET has no name for. Callers check the platform first.</summary>
internal static unsafe partial class LibC
{
    public const int ReadOnly = 0;
    public const int NoSuchFile = 2;
    public const int PermissionDenied = 13;
    public const int NotADirectory = 20;
    public const int CoreFileSize = 4;
    public const int SetDumpable = 4;

    /// <summary>AT_FDCWD: a path is relative to the current directory.</summary>
    public const int CurrentDirectory = -100;

    /// <summary>AT_SYMLINK_NOFOLLOW: of a symbolic link the link itself is meant.</summary>
    public const int DoNotFollow = 0x100;

    /// <summary>AT_EMPTY_PATH: the descriptor itself is meant.</summary>
    public const int EmptyPath = 0x1000;

    /// <summary>STATX_BASIC_STATS: what stat(2) tells.</summary>
    public const uint BasicStatus = 0x7FF;

    /// <summary>S_IFMT and its values, S_IWGRP, S_IWOTH, S_ISVTX: inode(7).</summary>
    public const int FileType = 0xF000;
    public const int SymbolicLink = 0xA000;
    public const int RegularFile = 0x8000;
    public const int Directory = 0x4000;
    public const int GroupWrite = 0x10;
    public const int OtherWrite = 0x2;
    public const int Sticky = 0x200;

    /// <summary>STA_UNSYNC: nothing keeps the clock.</summary>
    public const int Unsynchronized = 0x40;

    private const string Library = "libc";

    /// <summary>O_CLOEXEC: no child process inherits the descriptor.</summary>
    public static int CloseOnExec => OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;

    /// <summary>O_NONBLOCK: opening a pipe does not wait for its writer.</summary>
    public static int NonBlocking => OperatingSystem.IsMacOS() ? 0x4 : 0x800;

    /// <summary>O_NOFOLLOW: opening fails when the last part of the path is a symbolic link.</summary>
    public static int NoFollow => OperatingSystem.IsMacOS() ? 0x100 : LinuxNoFollow;

    /// <summary>ELOOP: what <see cref="NoFollow"/> answers to a symbolic link.</summary>
    public static int TooManyLinks => OperatingSystem.IsMacOS() ? 62 : 40;

    // O_NOFOLLOW is 0400000 in Linux's asm-generic/fcntl.h; ARM and POWER have their own header, with 0100000.
    private static int LinuxNoFollow => RuntimeInformation.ProcessArchitecture
        is Architecture.Arm or Architecture.Armv6 or Architecture.Arm64 or Architecture.Ppc64le ? 0x8000 : 0x20000;

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport(Library, EntryPoint = "fsync", SetLastError = true)]
    public static partial int Fsync(SafeHandle descriptor);

    [LibraryImport(Library, EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    public static partial byte* GetEnvironmentVariable(string name);

    [LibraryImport(Library, EntryPoint = "unsetenv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int UnsetEnvironmentVariable(string name);

    [LibraryImport(Library, EntryPoint = "prctl", SetLastError = true)]
    public static partial int ProcessControl(int option, nuint argument2, nuint argument3, nuint argument4, nuint argument5);

    [LibraryImport(Library, EntryPoint = "setrlimit", SetLastError = true)]
    public static partial int SetResourceLimit(int resource, in ResourceLimit limit);

    [LibraryImport(Library, EntryPoint = "umask")]
    public static partial uint SetUmask(uint mask);

    [LibraryImport(Library, EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Statx(int directory, string path, int flags, uint mask, out FileStatus status);

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Statx(SafeHandle file, string path, int flags, uint mask, out FileStatus status);

    /// <summary>adjtimex(2), which with no modes only reads; -1 where it is not allowed. For 64 bits.</summary>
    [LibraryImport(Library, EntryPoint = "adjtimex", SetLastError = true)]
    public static partial int AdjustTime(ref ClockStatus status);

    /// <summary><c>struct rlimit</c> with members of 64 bits. Where they have 32, the first half is read; Qkms writes zeros only.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct ResourceLimit(ulong Soft, ulong Hard);

    /// <summary><c>struct timex</c> of Linux with 64 bits: of its 208 bytes, what Qkms reads.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 208)]
    public struct ClockStatus
    {
        [FieldOffset(0)]
        public uint Modes;

        [FieldOffset(40)]
        public int Status;
    }

    /// <summary><c>struct statx</c> of Linux, the same on every architecture: of its 256 bytes, what Qkms asks for.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public readonly struct FileStatus
    {
        [FieldOffset(20)]
        public readonly uint Owner;

        [FieldOffset(28)]
        public readonly ushort Mode;
    }
}
