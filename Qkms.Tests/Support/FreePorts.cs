using System.Net.Sockets;

namespace Qkms.Tests.Support;

/// <summary>
/// Ports for what listens later, in another process, or once more. What the system chooses itself, for clients too, is from 32768 on: of
/// these nobody gets one meanwhile.
/// </summary>
internal static class FreePorts
{
    private const int First = 15_000;
    private const int End = 32_768;

    // Kept until the process ends: other runs of the tests on this machine see them.
    private static readonly List<Socket> _reservations = [];

    /// <summary>A port of 127.0.0.1 at which nobody listens, and that no test is given again.</summary>
    public static int Next()
    {
        while (true)
        {
            int port = RandomNumberGenerator.GetInt32(First, End);
            if (TryReserve(port) && IsFree(port))
                return port;
        }
    }

    // By a name of Linux's that is in no file system: it goes with the process, however that ends.
    private static bool TryReserve(int port)
    {
        if (!OperatingSystem.IsLinux())
            return true;

        Socket reservation = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            reservation.Bind(new UnixDomainSocketEndPoint($"\0qkms-tests-port-{port}"));
            lock (_reservations)
                _reservations.Add(reservation);

            return true;
        }
        catch (SocketException)
        {
            reservation.Dispose();
            return false;
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using TcpListener listener = new(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
