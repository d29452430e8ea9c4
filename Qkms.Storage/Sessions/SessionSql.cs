namespace Qkms.Storage.Sessions;

/// <summary>How repositories reach the database through the session that the port of Core gives them.</summary>
internal static class SessionSql
{
    extension(IKmsSession session)
    {
        /// <summary>The session as this project made it.</summary>
        public KmsSession Sql => (KmsSession)session;
    }
}
