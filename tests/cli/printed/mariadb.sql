CREATE TABLE `Users` (
    `Id` INTEGER UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    `type` TEXT NOT NULL,
    `Full Name` VARCHAR(100),
    state ENUM ('sad', 'ok') NOT NULL DEFAULT 'ok',
    flags SET ('a', 'b'),
    score DECIMAL(10, 2),
    yes TINYINT(1),
    tiny TINYINT,
    tiny_unsigned TINYINT UNSIGNED,
    big BIGINT UNSIGNED,
    data JSON,
    picture MEDIUMBLOB,
    long_text MEDIUMTEXT,
    code CHAR(3),
    born DATE,
    seen TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    at DATETIME(3),
    clock TIME,
    ratio FLOAT,
    share DOUBLE,
    small SMALLINT,
    hash BINARY(16),
    total INTEGER AS (1 + 1) STORED,
    CHECK (length(`type`) > 0)
);
CREATE TABLE transfers (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    from_user INTEGER UNSIGNED NOT NULL REFERENCES `Users` (`Id`) ON DELETE CASCADE,
    to_user INTEGER UNSIGNED NOT NULL REFERENCES `Users` (`Id`)
);
CREATE TABLE parts (a INTEGER NOT NULL, b VARCHAR(20) NOT NULL, `select` INTEGER, PRIMARY KEY (b, a));
CREATE TABLE `order` (id INTEGER AUTO_INCREMENT PRIMARY KEY, a INTEGER, b VARCHAR(20), FOREIGN KEY (b, a) REFERENCES parts (b, a));
CREATE TABLE loose (x INTEGER);
CREATE UNIQUE INDEX users_name ON `Users` (`Full Name`);
CREATE VIEW named AS SELECT * FROM `Users` WHERE `Full Name` IS NOT NULL;
