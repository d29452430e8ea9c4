using System.Net.Sockets;
using System.Text;
using Qkms.Core.Keyrings;
using Qkms.Core.Secrets;
using Qkms.Core.Store;

namespace Qkms.Api.Hosting;

/// <summary>
/// Where a sealed service takes shares: a Unix socket in its data directory, which its own user and root alone can open, and nobody over
/// the network. Each connection brings one line with a share, and gets one line: <c>open</c>, <c>share 2 of 3</c>, <c>again 2 of 3</c>, or
/// <c>no</c> and why.
/// </summary>
internal sealed class UnsealSocket(string path, Unsealing unsealing, RootSecrets secrets, TimeProvider time)
{
    /// <summary>The name of the socket in the data directory.</summary>
    public const string FileName = "unseal.sock";

    // sun_path of unix(7), without the zero at its end.
    private const int LongestPath = 107;

    private const int LongestAnswer = 1024;

    private static readonly TimeSpan _lineTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Where the socket of a data directory is.</summary>
    /// <exception cref="SettingsException">Its path is longer than the system takes.</exception>
    public static string PathIn(string dataDirectory)
    {
        string path = Path.Combine(Path.GetFullPath(dataDirectory), FileName);
        return Encoding.UTF8.GetByteCount(path) <= LongestPath
            ? path
            : throw new SettingsException(
                $"'{path}' is too long for a Unix socket, through which the service is unsealed: choose a shorter data directory.");
    }

    /// <summary>Has a service that waits take a share; what it answers.</summary>
    /// <param name="path">Its socket.</param>
    /// <param name="share">The share, as it was typed.</param>
    /// <exception cref="RootKeyException">No service waits there.</exception>
    public static string Send(string path, ReadOnlySpan<byte> share)
    {
        try
        {
            using Socket service = New();
            service.Connect(new UnixDomainSocketEndPoint(path));
            SendAll(service, share);
            SendAll(service, "\n"u8);
            byte[] answer = new byte[LongestAnswer];
            int length = ReadLine(service, answer);
            return Encoding.UTF8.GetString(answer, 0, length);
        }
        catch (SocketException e)
        {
            throw new RootKeyException($"No sealed service waits for shares at {path}: {e.Message}.");
        }
    }

    /// <summary>Takes shares until they open the installation.</summary>
    /// <exception cref="IOException">The socket cannot be made.</exception>
    /// <exception cref="OperationCanceledException">The service is to stop.</exception>
    public async Task ServeAsync(CancellationToken stopping)
    {
        // One that was left by a service that was killed.
        File.Delete(path);
        try
        {
            using Socket listener = Listen();
            while (true)
            {
                using Socket client = await AcceptAsync(listener, stopping);
                if (await Task.Run(() => AnswerAsync(client, stopping), CancellationToken.None))
                    return;
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    private Socket Listen()
    {
        Socket listener = New();
        try
        {
            listener.Bind(new UnixDomainSocketEndPoint(path));
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            listener.Listen();
            return listener;
        }
        catch (SocketException e)
        {
            listener.Dispose();
            throw new IOException($"The socket {path}, through which the service is unsealed, cannot be made: {e.Message}.");
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    // Shares that stay too few are not kept for ever.
    private async Task<Socket> AcceptAsync(Socket listener, CancellationToken stopping)
    {
        while (true)
        {
            using CancellationTokenSource patience = new(Unsealing.Patience, time);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stopping);
            try
            {
                return await listener.AcceptAsync(either.Token);
            }
            catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
            {
                secrets.ForgetShares();
            }
        }
    }

    private async Task<bool> AnswerAsync(Socket client, CancellationToken stopping)
    {
        // Who connects and says nothing holds up neither the next one nor the end.
        using CancellationTokenSource limit = new(_lineTimeout, time);
        await using CancellationTokenRegistration late = limit.Token.Register(client.Dispose);
        await using CancellationTokenRegistration ended = stopping.Register(client.Dispose);
        bool isOpen = false;
        string answer;
        try
        {
            UnsealProgress progress = await unsealing.TakeAsync(Read(client), secrets, stopping);
            isOpen = progress.IsOpen;
            answer = isOpen ? "open" : $"{(progress.IsNew ? "share" : "again")} {progress.Given} of {progress.Needed}";
        }
        catch (Exception e) when (e is RootKeyException or StoreUnusableException or KmsException)
        {
            answer = $"no {e.Message.ReplaceLineEndings(" ")}";
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }

        try
        {
            SendAll(client, Encoding.UTF8.GetBytes($"{answer}\n"));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Whoever gave it has gone: the share counts all the same.
        }

        return isOpen;
    }

    private static RootKeyShare Read(Socket client)
    {
        using SecretBytes line = SecretBytes.Allocate(ShareText.MaxLength, out Span<byte> buffer);
        int length = ReadLine(client, buffer);
        return RootKeyShare.Read(buffer[..length]);
    }

    /// <summary>Reads up to a newline, the end, or until the buffer is full; how much stands before it.</summary>
    private static int ReadLine(Socket from, Span<byte> buffer)
    {
        int length = 0;
        while (length < buffer.Length)
        {
            int read = from.Receive(buffer[length..]);
            int newline = buffer.Slice(length, read).IndexOf((byte)'\n');
            if (newline >= 0)
                return length + newline;

            if (read == 0)
                break;

            length += read;
        }

        return length;
    }

    private static void SendAll(Socket to, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[to.Send(bytes)..];
    }

    private static Socket New() => new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
}
