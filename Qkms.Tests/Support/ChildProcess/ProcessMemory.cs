using System.Globalization;
using System.Runtime.InteropServices;

namespace Qkms.Tests.Support.ChildProcess;

/// <summary>A search through everything that a process can write to: heap, stacks, mapped files (Linux, proc(5)).</summary>
internal static class ProcessMemory
{
    private const int ChunkSize = 1 << 20;

    /// <param name="Name">What was found.</param>
    /// <param name="Offset">Where in it the found piece begins.</param>
    /// <param name="Region">The name of the mapping, empty for anonymous memory.</param>
    /// <param name="Address">Where it was.</param>
    internal readonly record struct Find(string Name, int Offset, string Region, long Address)
    {
        public override string ToString() => $"{Name}+{Offset} at {Address:x} {Region}";
    }

    /// <summary>Pieces to look for. One begins at every <c>width</c> bytes of a secret, so that half of a copy is found too.</summary>
    internal sealed class Patterns
    {
        private const int FoldBits = 22;
        private const int Block = 64;

        private readonly Dictionary<ulong, List<(string Name, int Offset, byte[] Tail)>> _byStart = [];

        // One bit for each possible fold, so that they stay in the processor's cache: every byte of the memory asks for one.
        private readonly ulong[] _seen = new ulong[1 << (FoldBits - 6)];

        internal HashSet<string> Names { get; } = [];

        internal int LongestTail { get; private set; }

        internal void Add<T>(string name, ReadOnlySpan<T> secret, int width)
            where T : unmanaged
        {
            ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(secret);
            Names.Add(name);
            for (int offset = 0; offset + width <= bytes.Length; offset += width)
            {
                ulong start = MemoryMarshal.Read<ulong>(bytes[offset..]);
                if (!_byStart.TryGetValue(start, out List<(string, int, byte[])>? entries))
                    _byStart[start] = entries = [];
                entries.Add((name, offset, bytes.Slice(offset + 8, width - 8).ToArray()));
                int fold = Fold(start);
                _seen[fold >> 6] |= 1UL << (fold & 63);
                LongestTail = int.Max(LongestTail, width - 8);
            }
        }

        private static int Fold(ulong start) => (int)(unchecked(start * 0x9E37_79B9_7F4A_7C15) >> (64 - FoldBits));

        internal void Match(ReadOnlySpan<byte> memory, int end, string region, long address, List<Find> finds)
        {
            for (int i = 0; i < end && i + 8 <= memory.Length; i++)
            {
                // Most of the memory is empty.
                if ((i & (Block - 1)) == 0)
                {
                    int used = memory[i..].IndexOfAnyExcept((byte)0);
                    if (used < 0)
                        return;

                    // A piece may begin with zeros, but not with eight of them: those are not looked for.
                    i = int.Max(i, i + used - 7);
                    if (i >= end || i + 8 > memory.Length)
                        return;
                }

                ulong start = MemoryMarshal.Read<ulong>(memory[i..]);
                int fold = Fold(start);
                if (start == 0
                    || (_seen[fold >> 6] >> (fold & 63) & 1) == 0
                    || !_byStart.TryGetValue(start, out List<(string Name, int Offset, byte[] Tail)>? entries))
                    continue;
                foreach ((string name, int offset, byte[] tail) in entries)
                {
                    if (memory[(i + 8)..].StartsWith(tail))
                        finds.Add(new Find(name, offset, region, address + i));
                }
            }
        }
    }

    /// <returns>Why the memory of a child process cannot be read, or null where it can.</returns>
    internal static string? MissingReason()
    {
        if (!OperatingSystem.IsLinux())
            return "Only Linux shows the memory of a process as a file.";
        try
        {
            using var child = System.Diagnostics.Process.Start("sleep", ["5"]);
            try
            {
                using FileStream memory = Open(child.Id);
                return null;
            }
            finally
            {
                child.Kill();
            }
        }
        catch (UnauthorizedAccessException)
        {
            return "This user may not read the memory of a child process (ptrace is restricted).";
        }
    }

    internal static List<Find> Search(int processId, Patterns patterns)
    {
        List<Find> finds = [];
        byte[] buffer = new byte[ChunkSize + 8 + patterns.LongestTail];
        using FileStream memory = Open(processId);
        foreach (string line in File.ReadAllLines($"/proc/{processId}/maps"))
        {
            string[] fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (!fields[1].StartsWith("rw", StringComparison.Ordinal))
                continue;
            string[] range = fields[0].Split('-');
            long first = long.Parse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            long end = long.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            for (long address = first; address < end; address += ChunkSize)
            {
                memory.Position = address;
                int wanted = (int)long.Min(buffer.Length, end - address);
                int read = ReadUpTo(memory, buffer.AsSpan(0, wanted));
                if (!IsZero(buffer.AsSpan(0, read)))
                    patterns.Match(
                        buffer.AsSpan(0, read), int.Min(ChunkSize, read), fields.Length > 5 ? fields[5] : string.Empty, address, finds);
            }
        }

        return finds;
    }

    private static FileStream Open(int processId) =>
        new($"/proc/{processId}/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);

    /// <summary>A page that cannot be read ends the chunk: it is a guard page, or the kernel's.</summary>
    private static int ReadUpTo(FileStream memory, Span<byte> destination)
    {
        int total = 0;
        try
        {
            while (total < destination.Length)
            {
                int read = memory.Read(destination[total..]);
                if (read == 0)
                    break;
                total += read;
            }
        }
        catch (IOException)
        {
            return total;
        }

        return total;
    }

    private static bool IsZero(ReadOnlySpan<byte> memory) => !memory.ContainsAnyExcept((byte)0);
}
